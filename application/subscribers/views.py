"""What callers see of subscribers."""

from dataclasses import dataclass
from datetime import datetime

from domain.shared.json import JsonObject
from domain.subscribers.channel_points import without_secrets
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberView:
    """A subscriber without the secrets of its contact points."""

    subscriber_id: str
    email: str | None
    phone: str | None
    first_name: str | None
    last_name: str | None
    avatar: str | None
    locale: str | None
    timezone: str | None
    data: JsonObject
    channels: JsonObject
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberToken:
    """A browser's bearer token."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSubscriberView:
    """The answer to one item of a bulk request."""

    index: int
    subscriber: SubscriberView | None = None
    created: bool = False
    code: str | None = None
    detail: str | None = None
    problems: tuple[tuple[str, str], ...] = ()


def subscriber_view(subscriber: Subscriber) -> SubscriberView:
    """The subscriber as callers may read it."""
    return SubscriberView(
        subscriber_id=subscriber.subscriber_id,
        email=subscriber.email,
        phone=subscriber.phone,
        first_name=subscriber.first_name,
        last_name=subscriber.last_name,
        avatar=subscriber.avatar,
        locale=subscriber.locale,
        timezone=subscriber.timezone,
        data=subscriber.data,
        channels=without_secrets(subscriber.channels),
        created_at=subscriber.created_at,
        updated_at=subscriber.updated_at,
    )
