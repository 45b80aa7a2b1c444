"""Channels as the settings describe them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from application.ports.clock import Clock
from application.ports.http_client import HttpClient
from application.ports.notification_channel import ChannelProvider
from application.ports.trace_context import TraceContext
from infrastructure.channels.catalogue import Means, provider_of
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.config.mail import MailSettings
from infrastructure.config.problems import ConfigurationError, Problem
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.system.bounded_executor import BoundedExecutor


def channel_means(
    mail: MailSettings,
    client: HttpClient,
    clock: Clock,
    threads: BoundedExecutor,
    trace: Callable[[], TraceContext],
    mask: Callable[[str], str],
) -> Means:
    """What the providers of this process are made with."""
    composer = EmailComposer(mail.sender, clock, trace_id=lambda: trace().current().trace_id)
    return Means(client=client, clock=clock, composer=composer, maildir=mail.maildir, threads=threads, mask=mask)


class ConfiguredProviders:
    """The configured providers of a channel, in the order of a round. Holds connections and tokens: one per process.

    Raises ConfigurationError with every provider that its settings do not make.
    """

    def __init__(self, configured: Sequence[ProviderSettings], means: Means) -> None:
        self._means = means
        made: list[ChannelProvider] = []
        problems: list[Problem] = []
        for settings in configured:
            try:
                made.append(provider_of(settings, self._means))
            except (ValueError, RuntimeError) as error:
                problems.append(Problem(keys=(f"{prefix_of(settings.name)}*",), message=f"cannot be used: {error}"))
        if problems:
            raise ConfigurationError(problems)
        self.providers: Sequence[ChannelProvider] = tuple(made)

    async def start(self) -> None:
        """What clients want to read before their first call; nothing is connected to."""
        await asyncio.gather(*(start() for start in self._all("start")))

    async def stop(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(stop() for stop in self._all("stop")))

    def _all(self, name: str) -> list[Callable[[], Awaitable[object]]]:
        return [getattr(provider, name) for provider in self.providers if hasattr(provider, name)]


def or_stand_in(
    providers: Sequence[ChannelProvider], stand_in: ChannelProvider, wanted: bool
) -> Sequence[ChannelProvider]:
    """The providers, or another one where there is none and one is `wanted`: elsewhere its `sent` would be a lie."""
    return providers or ((stand_in,) if wanted else ())
