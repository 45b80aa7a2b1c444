"""Reading notifications in memory."""

from collections.abc import Mapping
from dataclasses import replace
from heapq import nlargest
from uuid import UUID

from application.notifications.ports import DeliveryFilter, NotificationFilter, NotificationReader
from application.notifications.views import AttemptView, DeliveryView
from application.ports.clock import Clock
from domain.notifications.attempt import Attempt
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.tables import Entry
from infrastructure.memory.tallies import total


class MemoryNotificationReader(NotificationReader):
    def __init__(self, *, database: MemoryDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        found = self._database.notifications.committed.get(notification_id)
        return self._counted(found) if found is not None and found.tenant_id == tenant_id else None

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        found = self._database.notifications.committed.where("transaction", (tenant_id, transaction_id))
        return self._counted(found[0]) if found else None

    async def page(
        self, tenant_id: str, wanted: NotificationFilter, *, before: UUID | None, limit: int
    ) -> list[Notification]:
        stored = self._database.notifications.committed.where("tenant", tenant_id)
        found = (
            one
            for one in stored
            if (before is None or one.id < before) and _matches(one, wanted) and self._reaches(one, wanted)
        )
        return [self._counted(one) for one in nlargest(limit, found, key=lambda one: one.id)]

    async def deliveries(
        self, tenant_id: str, notification_id: UUID, wanted: DeliveryFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        found = (
            entry
            for entry in self._entries(tenant_id, notification_id)
            if (before is None or entry.item.id < before) and _wanted(entry.item, wanted)
        )
        return [
            delivery_view(self._database, entry) for entry in nlargest(limit, found, key=lambda entry: entry.item.id)
        ]

    async def counts_by_status(self, tenant_id: str, notification_id: UUID) -> Mapping[DeliveryStatus, int]:
        counts: dict[DeliveryStatus, int] = {}
        for entry in self._entries(tenant_id, notification_id):
            counts[entry.item.status] = counts.get(entry.item.status, 0) + 1
        return counts

    def _counted(self, notification: Notification) -> Notification:
        """With what is not folded in yet, and with what is leased told from what waits."""
        tallies = self._database.tallies.committed.where("notification", notification.id)
        still_open = self._database.deliveries.committed.where("open", notification.id)
        leased = sum(entry.item.status is DeliveryStatus.SENDING for entry in still_open)
        changes = [tally.change for tally in tallies]
        counts = total([notification.counts, *changes, Counts(pending=-leased, sending=leased)])
        return replace(notification, counts=counts).derived(self._clock.now())

    def _entries(self, tenant_id: str, notification_id: UUID) -> list[Entry[Delivery]]:
        stored = self._database.deliveries.committed.where("notification", notification_id)
        return [entry for entry in stored if entry.item.tenant_id == tenant_id]

    def _reaches(self, notification: Notification, wanted: NotificationFilter) -> bool:
        if not wanted.subscribers:
            return True
        return any(
            entry.item.target in wanted.subscribers for entry in self._entries(notification.tenant_id, notification.id)
        )


def delivery_view(database: MemoryDatabase, entry: Entry[Delivery]) -> DeliveryView:
    """A delivery as it is shown."""
    one = entry.item
    attempts = database.attempts.committed.where("delivery", one.id)
    return DeliveryView(
        id=one.id,
        notification_id=one.notification_id,
        subscriber_id=one.target,
        step=one.step or None,
        channel=one.channel.value,
        status=one.status.value,
        reason=one.reason,
        generation=one.generation,
        replay_of=one.replay_of,
        rounds=one.rounds,
        next_attempt_at=entry.next_at if one.status is DeliveryStatus.PENDING else None,
        created_at=one.created_at,
        finished_at=one.finished_at,
        receipt=one.receipt,
        attempts=tuple(_attempt_view(attempt) for attempt in sorted(attempts, key=lambda attempt: attempt.id)),
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        id=attempt.id,
        round=attempt.round,
        provider=attempt.provider,
        outcome=attempt.outcome.value,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        status_code=attempt.status_code,
        error_code=attempt.error_code,
        detail=attempt.detail,
        provider_message_id=attempt.provider_message_id,
    )


def _matches(one: Notification, wanted: NotificationFilter) -> bool:
    return (
        (not wanted.statuses or one.status in wanted.statuses)
        and (not wanted.workflows or one.workflow in wanted.workflows)
        and (not wanted.tags or not set(wanted.tags).isdisjoint(one.tags))
        and (wanted.created_after is None or one.created_at > wanted.created_after)
        and (wanted.created_before is None or one.created_at < wanted.created_before)
    )


def _wanted(one: Delivery, wanted: DeliveryFilter) -> bool:
    return (
        (not wanted.statuses or one.status in wanted.statuses)
        and (not wanted.channels or one.channel in wanted.channels)
        and (not wanted.subscribers or one.target in wanted.subscribers)
    )
