"""Reading notifications."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.notifications.views import DeliveryView
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.workflows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Any of each list; an empty list means any at all. Times are exclusive bounds of `createdAt`."""

    statuses: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Any of each list; an empty list means any at all."""

    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()


class NotificationReader(Protocol):
    """Reads of one tenant, each in a snapshot of its own. `counts` include what is not folded in yet."""

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        """One notification."""
        ...

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        """The notification that the transaction id was first used for."""
        ...

    async def page(
        self, tenant_id: str, wanted: NotificationFilter, *, before: UUID | None, limit: int
    ) -> list[Notification]:
        """Newest first, older than `before`."""
        ...

    async def deliveries(
        self, tenant_id: str, notification_id: UUID, wanted: DeliveryFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        """Newest first, older than `before`, each with its attempts."""
        ...

    async def counts_by_status(self, tenant_id: str, notification_id: UUID) -> Mapping[DeliveryStatus, int]:
        """Counted from the deliveries themselves: slow, and therefore what the tallies are checked against."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFilter:
    """Any of each list; an empty list means any at all, save for `statuses`, of which there is at least one. Times are
    exclusive bounds of `createdAt`.
    """

    statuses: tuple[str, ...] = (DeliveryStatus.FAILED.value,)
    channels: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None


class DeadLetterReader(Protocol):
    """Reads of one tenant's deliveries over all notifications, each in a snapshot of its own."""

    async def view(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        """One delivery with its attempts."""
        ...

    async def page(
        self, tenant_id: str, wanted: DeadLetterFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        """Newest first, older than `before`, each with its attempts."""
        ...

    async def get(self, tenant_id: str, delivery_id: UUID) -> Delivery | None:
        """One delivery."""
        ...

    async def replay_of(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        """The delivery that another one was redriven as, with its attempts."""
        ...

    async def redrivable_ids(self, tenant_id: str, wanted: DeadLetterFilter, *, limit: int) -> list[UUID]:
        """Newest first, those of the wanted that `REDRIVABLE` names, that go elsewhere than into the inbox, that were
        not redriven yet, and whose notification is there and not called off.
        """
        ...

    async def redrivable(
        self, tenant_id: str, wanted: DeadLetterFilter, *, oldest: UUID, newest: UUID, limit: int
    ) -> list[Delivery]:
        """The same as deliveries, from `newest` down to `oldest`, both of them included."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMarks:
    """What a subscriber has done with an inbox item, as far as it still holds."""

    item_id: UUID
    subscriber_id: str
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFacts:
    """What is stored of the recipients of one notification; nothing when it was too much to be `complete`.

    `timezones` are those of subscribers that have one, by their ids (the caller's).
    """

    deliveries: tuple[DeliveryView, ...] = ()
    runs: tuple[Run, ...] = ()
    items: tuple[ItemMarks, ...] = ()
    timezones: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


class TimelineReader(Protocol):
    """Reads what happened to the recipients of a notification, in one snapshot."""

    async def facts(self, notification: Notification, *, subscriber: str | None, limit: int) -> TimelineFacts:
        """Of one subscriber or of all; not complete when there are more than `limit` deliveries or runs.

        An inbox item that a later notification has replaced is that one's.
        """
        ...
