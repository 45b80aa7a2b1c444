"""Reading notifications in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from application.notifications.ports import DeliveryFilter, NotificationFilter, NotificationReader
from application.notifications.views import AttemptView, DeliveryView
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.notifications.notification_status import UNFINISHED, Counts
from infrastructure.database.mappers.notifications import TALLIED, counts_from, delivery_from, notification_from
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import (
    AttemptRow,
    DeliveryRow,
    NotificationRow,
    NotificationTagRow,
    NotificationTallyRow,
    table_of,
)
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis
from infrastructure.database.unit_of_work import Engines

_TABLE = table_of(NotificationRow)
_TAGS = table_of(NotificationTagRow)
_TALLIES = table_of(NotificationTallyRow)
_DELIVERIES = table_of(DeliveryRow)
_ATTEMPTS = table_of(AttemptRow)


class SqlNotificationReader(NotificationReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        return await self._one(select(_TABLE).where(_TABLE.c.id == notification_id, _TABLE.c.tenant_id == tenant_id))

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        return await self._one(
            select(_TABLE).where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.transaction_id == transaction_id)
        )

    async def _one(self, query: Select[tuple[object, ...]]) -> Notification | None:
        async with snapshot(self._engines) as tx:
            found = await tx.row(query)
            return (await _counted(tx, [found]))[0] if found else None

    async def page(
        self, tenant_id: str, wanted: NotificationFilter, *, before: UUID | None, limit: int
    ) -> list[Notification]:
        query = select(_TABLE).where(*_conditions(tenant_id, wanted)).order_by(_TABLE.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_TABLE.c.id < before)
        async with snapshot(self._engines) as tx:
            return await _counted(tx, await tx.rows(query))

    async def deliveries(
        self, tenant_id: str, notification_id: UUID, wanted: DeliveryFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        query = (
            select(_DELIVERIES)
            .where(_DELIVERIES.c.notification_id == notification_id, _DELIVERIES.c.tenant_id == tenant_id)
            .order_by(_DELIVERIES.c.id.desc())
            .limit(limit)
        )
        lists = ((_DELIVERIES.c.status, wanted.statuses), (_DELIVERIES.c.channel, wanted.channels))
        for column, values in (*lists, (_DELIVERIES.c.target, wanted.subscribers)):
            if values:
                query = query.where(column.in_(values))
        if before is not None:
            query = query.where(_DELIVERIES.c.id < before)
        async with snapshot(self._engines) as tx:
            rows = await tx.rows(query)
            attempts = await attempts_of(tx, [row["id"] for row in rows])
        return [delivery_view(row, attempts.get(row["id"], ())) for row in rows]

    async def counts_by_status(self, tenant_id: str, notification_id: UUID) -> Mapping[DeliveryStatus, int]:
        query = (
            select(_DELIVERIES.c.status, func.count().label("number"))
            .where(_DELIVERIES.c.notification_id == notification_id, _DELIVERIES.c.tenant_id == tenant_id)
            .group_by(_DELIVERIES.c.status)
        )
        async with snapshot(self._engines) as tx:
            return {DeliveryStatus(row["status"]): row["number"] for row in await tx.rows(query)}


def _conditions(tenant_id: str, wanted: NotificationFilter) -> list[ColumnElement[bool]]:
    conditions = [_TABLE.c.tenant_id == tenant_id]
    if wanted.statuses:
        conditions.append(_TABLE.c.status.in_(wanted.statuses))
    if wanted.workflows:
        conditions.append(_TABLE.c.workflow.in_(wanted.workflows))
    if wanted.created_after is not None:
        conditions.append(_TABLE.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(_TABLE.c.created_at < wanted.created_before)
    if wanted.tags:
        tagged = select(_TAGS.c.notification_id).where(_TAGS.c.tenant_id == tenant_id, _TAGS.c.tag.in_(wanted.tags))
        conditions.append(_TABLE.c.id.in_(tagged))
    if wanted.subscribers:
        reached = select(_DELIVERIES.c.notification_id).where(
            _DELIVERIES.c.tenant_id == tenant_id, _DELIVERIES.c.target.in_(wanted.subscribers)
        )
        conditions.append(_TABLE.c.id.in_(reached))
    return conditions


async def _counted(tx: Transaction, rows: Sequence[Values]) -> list[Notification]:
    """Notifications with the tallies that are not folded in, the leased told from the waiting, and the status of
    both.
    """
    ids = [row["id"] for row in rows]
    sums = [func.sum(_TALLIES.c[name]).label(name) for name in TALLIED]
    tallied = await tx.rows(
        select(_TALLIES.c.notification_id, *sums)
        .where(_TALLIES.c.notification_id.in_(ids))
        .group_by(_TALLIES.c.notification_id)
    )
    sending = await tx.rows(
        select(_DELIVERIES.c.notification_id, func.count().label("number"))
        .where(_DELIVERIES.c.notification_id.in_(ids), _DELIVERIES.c.status == DeliveryStatus.SENDING.value)
        .group_by(_DELIVERIES.c.notification_id)
    )
    unfolded = {row["notification_id"]: counts_from(row) for row in tallied}
    leased = {row["notification_id"]: int(row["number"]) for row in sending}
    now = from_millis(await tx.now_ms())
    return [
        _with_counts(notification_from(row), unfolded.get(row["id"], Counts()), leased.get(row["id"], 0)).derived(now)
        for row in rows
    ]


def _with_counts(notification: Notification, unfolded: Counts, sending: int) -> Notification:
    known = {name: getattr(notification.counts, name) + getattr(unfolded, name) for name in TALLIED}
    sending = min(sending, known["pending"])
    known["pending"] -= sending
    counts = Counts(**known, sending=sending)
    finished = notification.finished_at if notification.status not in UNFINISHED or not counts.open else None
    return replace(notification, counts=counts, finished_at=finished)


async def attempts_of(tx: Transaction, delivery_ids: Sequence[UUID]) -> dict[UUID, list[AttemptView]]:
    """The attempts of deliveries, oldest first."""
    found: dict[UUID, list[AttemptView]] = {}
    query = select(_ATTEMPTS).where(_ATTEMPTS.c.delivery_id.in_(delivery_ids)).order_by(_ATTEMPTS.c.id)
    for row in await tx.rows(query):
        found.setdefault(row.pop("delivery_id"), []).append(AttemptView(**row))
    return found


def delivery_view(row: Values, attempts: Sequence[AttemptView]) -> DeliveryView:
    """A row as a delivery is shown."""
    delivery = delivery_from(row)
    return DeliveryView(
        id=delivery.id,
        notification_id=delivery.notification_id,
        subscriber_id=delivery.target,
        step=delivery.step or None,
        channel=delivery.channel.value,
        status=delivery.status.value,
        reason=delivery.reason,
        generation=delivery.generation,
        replay_of=delivery.replay_of,
        rounds=delivery.rounds,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
        receipt=delivery.receipt,
        attempts=tuple(attempts),
    )
