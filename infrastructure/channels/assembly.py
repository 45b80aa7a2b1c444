"""Channels as the settings describe them."""

import asyncio
from collections.abc import Callable, Sequence

from application.ports.clock import Clock
from application.ports.notification_channel import ChannelProvider
from application.ports.trace_context import TraceContext
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.email.file import EmlFileProvider
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.smtp import SmtpProvider
from infrastructure.config.mail import MailSettings
from infrastructure.config.provider import ProviderSettings


class EmailProviders:
    """The configured e-mail providers, in the order of a round. Holds the connections to relays: one per process."""

    def __init__(
        self,
        mail: MailSettings,
        configured: Sequence[ProviderSettings],
        clock: Clock,
        trace: Callable[[], TraceContext],
        mask: Callable[[str], str],
    ) -> None:
        composer = EmailComposer(mail.sender, clock, trace_id=lambda: trace().current().trace_id)
        self.providers = tuple(_email_provider(one, mail, composer, mask) for one in configured)

    async def start(self) -> None:
        """Nothing: relays are connected to when there is something to send."""

    async def stop(self) -> None:
        """Close the connections to relays."""
        relays = [provider for provider in self.providers if isinstance(provider, SmtpProvider)]
        await asyncio.gather(*(relay.stop() for relay in relays))


def _email_provider(
    settings: ProviderSettings, mail: MailSettings, composer: EmailComposer, mask: Callable[[str], str]
) -> ChannelProvider:
    match settings.driver:
        case "smtp":
            return SmtpProvider(settings.name, settings.smtp, composer)
        case "file":
            return EmlFileProvider(settings.name, mail.maildir, composer)
        case _:
            return ConsoleProvider(settings.name, mask=mask)
