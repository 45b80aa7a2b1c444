"""Channels and the providers behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel

# Any: free JSON of the caller (`content.data`, `overrides`), opaque to the product.
JsonValue = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What a provider needs to send one delivery; `address` holds the recipient's contact point for the channel.

    `address` by channel: email `{"email", "name"?}`, sms `{"phone"}`, webhook `{"url", "secret"?}`, where `secret` is
    the plain `whsec_…` of the receiver. Push and chat have several kinds of contact point, and their addresses hold
    each under its kind, as `ChannelProvider.point` names it: `{"fcm": {"tokens": […]}, "apns": {"tokens": […]},
    "webpush": {"subscriptions": […]}}`, `{"slack": {"webhookUrl"}, "telegram": {"chatId"}, …}`.
    `delivery_id` is constant over retries and rounds: it is the provider's idempotency key, the `webhook-id` and the
    left part of the `Message-ID`. `sequence_id` is constant over notifications of which a later one replaces the
    earlier, where the provider can. `html` is a rendered e-mail; without it the provider makes one of title and body.
    """

    delivery_id: UUID
    notification_id: UUID
    tenant_id: str
    subscriber_id: str
    channel: Channel
    address: Mapping[str, JsonValue]
    title: str
    body: str
    created_at: datetime
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    actions: Sequence[Mapping[str, JsonValue]] = ()
    severity: str = "none"
    tags: Sequence[str] = ()
    locale: str | None = None
    overrides: Mapping[str, JsonValue] = field(default_factory=dict)
    unsubscribe_url: str | None = None
    html: str | None = None
    sequence_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What came of one try.

    `error_code` is stable and dotted (`smtp.service_unavailable`, `webhook.blocked_ip`), `detail` is the provider's
    own words, at most 4 kB and free of secrets, `retry_after` is in seconds as the provider asked, unclamped. `gone`:
    the contact point itself asked not to be used any more. `dead` are those of several (device tokens, push
    subscriptions by their endpoint) that do not exist any more, whatever became of the others. `message_id` is the
    provider's own name of the message, by which its receipts will call it.
    """

    outcome: AttemptOutcome
    status_code: int | None = None
    error_code: str | None = None
    detail: str | None = None
    retry_after: float | None = None
    gone: bool = False
    dead: Sequence[str] = ()
    message_id: str | None = None


class ChannelProvider(Protocol):
    """One configured driver of a channel, e.g. one SMTP relay."""

    @property
    def name(self) -> str:
        """The configured name, as attempts show it (`smtp-a`)."""
        ...

    @property
    def point(self) -> str | None:
        """The kind of contact point it speaks to (`slack`, `fcm`); None in a channel that has one kind alone."""
        return None

    async def send(self, message: OutboundMessage) -> SendReport:
        """Try once, within the provider's own total deadline (10 s by default).

        Never raises for anything the provider, the network or the recipient does: that is a report. A time-out after
        the request may have been acted upon is `ambiguous`, before that `retryable`.
        """
        ...


class NotificationChannel(Protocol):
    """A channel as configuration assembled it."""

    @property
    def kind(self) -> Channel:
        """Which channel this is."""
        ...

    @property
    def providers(self) -> Sequence[ChannelProvider]:
        """The providers in the order in which a round tries them; empty when none is configured."""
        ...
