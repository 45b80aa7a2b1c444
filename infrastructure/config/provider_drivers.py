"""What can send over each channel, and what each driver wants to be told: the one table of providers.

Keys, masks, documentation and messages follow from it; `channels/catalogue.py` makes the providers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infrastructure.config.provider_options import (
    ApnsOptions,
    AppriseOptions,
    DiscordOptions,
    FcmOptions,
    SendGridOptions,
    SesOptions,
    SlackOptions,
    TeamsOptions,
    TelegramOptions,
    WebPushOptions,
    WhatsAppOptions,
)
from infrastructure.config.section import Section
from infrastructure.config.sms_options import GatewayOptions, SnsOptions, TwilioOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDriver:
    """A driver of a channel. `point` is the kind of contact point it speaks to, None where the channel has one alone.

    `options` are its keys; the console has none, and those of `smtp` and `file` are older and have a place of their
    own. Of `together` all are given or none, of `one_of` one at least.
    """

    channel: str
    point: str | None = None
    options: type[Section] | None = None
    together: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


AWS_PAIR = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")

PROVIDER_DRIVERS: Mapping[str, ProviderDriver] = {
    "file": ProviderDriver(channel="email"),
    "smtp": ProviderDriver(channel="email"),
    "ses": ProviderDriver(channel="email", options=SesOptions, together=AWS_PAIR),
    "sendgrid": ProviderDriver(channel="email", options=SendGridOptions),
    "twilio": ProviderDriver(channel="sms", options=TwilioOptions, one_of=("FROM", "MESSAGING_SERVICE_SID")),
    "sns": ProviderDriver(channel="sms", options=SnsOptions, together=AWS_PAIR),
    "http": ProviderDriver(channel="sms", options=GatewayOptions),
    "fcm": ProviderDriver(channel="push", point="fcm", options=FcmOptions),
    "apns": ProviderDriver(channel="push", point="apns", options=ApnsOptions),
    "webpush": ProviderDriver(channel="push", point="webpush", options=WebPushOptions),
    "slack": ProviderDriver(channel="chat", point="slack", options=SlackOptions),
    "discord": ProviderDriver(channel="chat", point="discord", options=DiscordOptions),
    "telegram": ProviderDriver(channel="chat", point="telegram", options=TelegramOptions),
    "whatsapp": ProviderDriver(channel="chat", point="whatsapp", options=WhatsAppOptions),
    "teams": ProviderDriver(channel="chat", point="teams", options=TeamsOptions),
    "apprise": ProviderDriver(channel="chat", point="apprise", options=AppriseOptions),
}


DRIVERS_OF: Mapping[str, tuple[str, ...]] = {
    channel: (*(name for name in PROVIDER_DRIVERS if PROVIDER_DRIVERS[name].channel == channel), "console")
    for channel in ("email", "sms", "push", "chat")
}
"""Those of each channel, the console last."""
