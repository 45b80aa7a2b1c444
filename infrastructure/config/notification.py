"""Channels: whether they are on, and how patiently each is retried."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import field

from infrastructure.config.credentials import webhook_secret
from infrastructure.config.parsers import seconds, waits
from infrastructure.config.provider import ProviderSettings, provider_names
from infrastructure.config.section import Section, hidden, key, nested
from infrastructure.config.webhook import WEBHOOK_BACKOFF

# People wait for these: a retry after half an hour still helps, one on the next day confuses.
BACKOFF = (5.0, 30.0, 120.0, 600.0, 1_800.0)


class ChannelSettings(Section, frozen=True, kw_only=True):
    """One channel; `backoff` holds the seconds between rounds, its last entry repeats when `attempts` asks for more."""

    enabled: Annotated[bool, key("ENABLED", "Deliveries over a channel that is off are suppressed.", live=True)] = True
    queue: Annotated[
        str,
        key(
            "QUEUE",
            "Queue of its deliveries, to give a channel workers of its own.",
            pattern=r"^[a-z][a-z0-9_.-]{0,63}$",
            expects="1 to 64 lower-case letters, digits, -, _ or ., a letter first",
        ),
    ] = "notifications"
    attempts: Annotated[
        int,
        key("ATTEMPTS", "Rounds in total, the first included.", depends="one more than there are waits", ge=1, le=50),
    ] = len(BACKOFF) + 1
    backoff: Annotated[
        tuple[float, ...],
        key(
            "BACKOFF",
            "Waits between rounds, each spread by a fifth.",
            parse=waits,
            expects="durations separated by commas",
            min_length=1,
            max_length=49,
        ),
    ] = BACKOFF


class NotificationSettings(Section, frozen=True, kw_only=True):
    """Channels"""

    enabled: Annotated[
        bool,
        key(
            "NOTIFICATIONS_ENABLED",
            "The main switch: false suppresses every delivery, e.g. while importing.",
            live=True,
        ),
    ] = True
    # Whoever expands a notification writes the inbox item: nothing is claimed, so nothing is queued or retried.
    in_app: Annotated[ChannelSettings, nested("NOTIFY_IN_APP_", only=("enabled",))] = field(
        default_factory=lambda: ChannelSettings(attempts=1)
    )
    email: Annotated[ChannelSettings, nested("NOTIFY_EMAIL_")] = field(default_factory=ChannelSettings)
    sms: Annotated[ChannelSettings, nested("NOTIFY_SMS_")] = field(default_factory=ChannelSettings)
    push: Annotated[ChannelSettings, nested("NOTIFY_PUSH_")] = field(default_factory=ChannelSettings)
    chat: Annotated[ChannelSettings, nested("NOTIFY_CHAT_")] = field(default_factory=ChannelSettings)
    webhook: Annotated[ChannelSettings, nested("NOTIFY_WEBHOOK_")] = field(
        default_factory=lambda: ChannelSettings(attempts=len(WEBHOOK_BACKOFF) + 1, backoff=WEBHOOK_BACKOFF)
    )
    email_provider_names: Annotated[
        tuple[str, ...],
        key(
            "NOTIFY_EMAIL_PROVIDERS",
            "Providers in the order in which a round tries them, each described by PROVIDER__<NAME>__ keys.",
            parse=provider_names,
            expects="names such as smtp-a,smtp-b",
            depends="one provider named after MAIL_DRIVER",
        ),
    ] = ()
    sms_provider_names: Annotated[
        tuple[str, ...],
        key(
            "NOTIFY_SMS_PROVIDERS",
            "Gateways in the order in which a round tries them.",
            parse=provider_names,
            expects="names such as twilio,sns",
            depends="the console in development; elsewhere nobody, and the channel is off",
        ),
    ] = ()
    push_provider_names: Annotated[
        tuple[str, ...],
        key(
            "NOTIFY_PUSH_PROVIDERS",
            "Push services; each kind of device goes to the first of its kind that accepts.",
            parse=provider_names,
            expects="names such as fcm,apns,webpush",
            depends="the console in development; elsewhere nobody, and the channel is off",
        ),
    ] = ()
    chat_provider_names: Annotated[
        tuple[str, ...],
        key(
            "NOTIFY_CHAT_PROVIDERS",
            "Chat services in the order of preference; those without a contact point are passed over.",
            parse=provider_names,
            expects="names such as slack,telegram",
            depends="the console in development; elsewhere nobody, and the channel is off",
        ),
    ] = ()
    email_providers: tuple[ProviderSettings, ...] = ()
    sms_providers: tuple[ProviderSettings, ...] = ()
    push_providers: tuple[ProviderSettings, ...] = ()
    chat_providers: tuple[ProviderSettings, ...] = ()
    intake_max_lag: Annotated[
        float,
        key(
            "INTAKE_MAX_LAG",
            "Above this age of the oldest due delivery new requests are answered 503: better than promising in vain.",
            parse=seconds,
            ge=1,
            le=86_400,
        ),
    ] = 300.0
    webhook_signing_secret: Annotated[
        str | None,
        key(
            "WEBHOOK_SIGNING_SECRET",
            "Signs webhooks of endpoints without a secret of their own (Standard Webhooks).",
            parse=webhook_secret,
            expects="whsec_ and Base64",
            depends="derived from AUTH_SECRET for each tenant",
            mask=hidden,
        ),
    ] = None

    @property
    def providers(self) -> Mapping[str, tuple[ProviderSettings, ...]]:
        """Those of each channel that has any to configure, in the order of a round."""
        return {
            "email": self.email_providers,
            "sms": self.sms_providers,
            "push": self.push_providers,
            "chat": self.chat_providers,
        }
