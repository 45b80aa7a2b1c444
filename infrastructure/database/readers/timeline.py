"""Reading what happened to a notification's recipients in SQL."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, Table, select

from application.notifications.ports import ItemMarks, TimelineFacts, TimelineReader
from application.notifications.views import DeliveryView
from domain.notifications.channel import Channel
from domain.notifications.notification import Notification
from domain.workflows.run import Run
from infrastructure.database.mappers.runs import run_from
from infrastructure.database.readers.notifications import attempts_of, delivery_view
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.run_tables import RunRow
from infrastructure.database.tables import DeliveryRow, InboxItemRow, SubscriberRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.unit_of_work import Engines

_DELIVERIES = table_of(DeliveryRow)
_RUNS = table_of(RunRow)
_SUBSCRIBERS = table_of(SubscriberRow)
_ITEMS = table_of(InboxItemRow)
_MARKS = (_ITEMS.c.id, _ITEMS.c.recipient_id, _ITEMS.c.seen_at, _ITEMS.c.read_at, _ITEMS.c.archived_at)
Rows = Select[tuple[object, ...]]


class SqlTimelineReader(TimelineReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def facts(self, notification: Notification, *, subscriber: str | None, limit: int) -> TimelineFacts:
        async with snapshot(self._engines) as tx:
            rows = await tx.rows(_of(_DELIVERIES, notification, subscriber).limit(limit + 1))
            runs = [run_from(row) for row in await tx.rows(_of(_RUNS, notification, subscriber).limit(limit + 1))]
            if max(len(rows), len(runs)) > limit:
                return TimelineFacts(complete=False)
            attempts = await attempts_of(tx, [row["id"] for row in rows])
            deliveries = [delivery_view(row, attempts.get(row["id"], ())) for row in rows]
            people = await _people(tx, notification.tenant_id, {row["target"] for row in rows} | _targets(runs))
            items = await _items(tx, notification, deliveries, runs, [row["id"] for row in people])
        names = {row["id"]: row["subscriber_id"] for row in people}
        return TimelineFacts(
            deliveries=tuple(deliveries),
            runs=tuple(runs),
            items=tuple(_marks(row, names[row["recipient_id"]]) for row in items if row["recipient_id"] in names),
            timezones={row["subscriber_id"]: row["timezone"] for row in people if row["timezone"]},
        )


def _of(table: Table, notification: Notification, subscriber: str | None) -> Rows:
    query = select(table).where(table.c.notification_id == notification.id, table.c.tenant_id == notification.tenant_id)
    if subscriber is not None:
        query = query.where(table.c.target == subscriber)
    return query.order_by(table.c.id)


def _targets(runs: Sequence[Run]) -> set[str]:
    return {run.target for run in runs}


async def _people(tx: Transaction, tenant_id: str, names: Collection[str]) -> list[Values]:
    if not names:
        return []
    return await tx.rows(
        select(_SUBSCRIBERS.c.id, _SUBSCRIBERS.c.subscriber_id, _SUBSCRIBERS.c.timezone).where(
            _SUBSCRIBERS.c.tenant_id == tenant_id, _SUBSCRIBERS.c.subscriber_id.in_(sorted(names))
        )
    )


async def _items(
    tx: Transaction,
    notification: Notification,
    deliveries: Sequence[DeliveryView],
    runs: Sequence[Run],
    recipients: Sequence[UUID],
) -> list[Values]:
    """The items that are still this notification's: by their ids, which are those of deliveries or of what they
    replaced, which then bears the sequence's id.
    """
    ours = select(*_MARKS).where(
        _ITEMS.c.notification_id == notification.id, _ITEMS.c.tenant_id == notification.tenant_id
    )
    ids = {one.id for one in deliveries if one.channel == Channel.IN_APP.value}
    ids |= {record.item_id for run in runs for record in run.steps.values() if record.item_id is not None}
    found = await tx.rows(ours.where(_ITEMS.c.id.in_(sorted(ids)))) if ids else []
    if notification.sequence_id is not None and recipients:
        replaced = ours.where(_ITEMS.c.recipient_id.in_(recipients), _ITEMS.c.sequence_id == notification.sequence_id)
        found += [row for row in await tx.rows(replaced) if row["id"] not in ids]
    return found


def _marks(row: Values, subscriber_id: str) -> ItemMarks:
    return ItemMarks(
        item_id=row["id"],
        subscriber_id=subscriber_id,
        seen_at=row["seen_at"],
        read_at=row["read_at"],
        archived_at=row["archived_at"],
    )
