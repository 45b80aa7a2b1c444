"""TimelineReader, over every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from application.notifications.ports import ItemMarks, TimelineFacts, TimelineReader
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.workflows.run import RunStatus, StepOutcome, StepRecord
from infrastructure.database.readers.timeline import SqlTimelineReader
from infrastructure.memory.timeline import MemoryTimelineReader
from tests.contracts.samples import SCOPE, STRANGER, Samples
from tests.contracts.sql_store import SqlStore
from tests.contracts.stores import MemoryStore, Store


@pytest.fixture
def reader(store: Store) -> TimelineReader:
    if isinstance(store, MemoryStore):
        return MemoryTimelineReader(database=store._database)
    assert isinstance(store, SqlStore)
    return SqlTimelineReader(engines=store._engines)


async def read(
    reader: TimelineReader, notification: Notification, subscriber: str | None = None, limit: int = 100
) -> TimelineFacts:
    return await reader.facts(notification, subscriber=subscriber, limit=limit)


async def test_deliveries_come_with_attempts_and_zones_when_read(
    reader: TimelineReader, store: Store, make: Samples
) -> None:
    await make.add_subscriber("u0", timezone="Europe/Berlin")
    await make.add_subscriber("u1")
    notification, pending = await make.add_notification(deliveries=2)
    await make.add_notification(deliveries=1)
    attempts = [make.attempt(pending[1].id, round=number) for number in (1, 2)]
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.append_attempts(SCOPE, attempts[::-1])
        await uow.commit()

    facts = await read(reader, notification)
    assert [one.id for one in facts.deliveries] == [one.id for one in pending]
    assert [[each.id for each in one.attempts] for one in facts.deliveries] == [[], [one.id for one in attempts]]
    assert (facts.runs, facts.items, dict(facts.timezones)) == ((), (), {"u0": "Europe/Berlin"})
    assert facts.complete


async def test_one_subscribers_story_is_read_alone_when_asked_for(reader: TimelineReader, make: Samples) -> None:
    notification, pending = await make.add_notification(deliveries=3)
    runs = [make.run(notification_id=notification.id, target=target) for target in ("u0", "u1")]
    await make.add_runs(*runs)

    facts = await read(reader, notification, "u1")
    assert [one.id for one in facts.deliveries] == [pending[1].id]
    assert [run.id for run in facts.runs] == [runs[1].id]
    assert await read(reader, notification, "nobody") == TimelineFacts()


async def test_runs_come_with_their_steps_when_read(reader: TimelineReader, store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(workflow="order-shipped", workflow_version=2)
    steps = {"wait": StepRecord(outcome=StepOutcome.SKIPPED, at=store.now(), reason="condition", because="no")}
    run = make.run(
        notification_id=notification.id,
        steps=steps,
        position=1,
        status=RunStatus.COMPLETED,
        finished_at=store.now() + timedelta(seconds=1),
    )
    await make.add_runs(run, make.run())

    (found,) = (await read(reader, notification)).runs
    assert (found.id, found.steps, found.status, found.finished_at) == (run.id, steps, run.status, run.finished_at)


async def test_marks_of_items_are_told_while_they_are_its_own_when_read(
    reader: TimelineReader, store: Store, make: Samples
) -> None:
    ann, bob = await make.add_subscriber("ann"), await make.add_subscriber("bob")
    notification, _ = await make.add_notification(sequence_id="s1")
    sent = {"notification_id": notification.id, "channel": Channel.IN_APP, "status": DeliveryStatus.SENT}
    of_ann, of_bob = make.delivery(target="ann", **sent), make.delivery(target="bob", **sent)
    await make.add_deliveries(of_ann, of_bob)
    seen, read_at = store.now(), store.now() + timedelta(seconds=1)
    # The item of ann's replaced an older one and kept its id; that of bob's is a later notification's by now.
    kept = make.item(ann.id, notification_id=notification.id, sequence_id="s1", seen_at=seen, read_at=read_at)
    await make.add_items(kept, make.item(bob.id, id=of_bob.id, archived_at=seen))

    facts = await read(reader, notification)
    assert facts.items == (
        ItemMarks(item_id=kept.id, subscriber_id="ann", seen_at=seen, read_at=read_at, archived_at=None),
    )


async def test_marks_are_found_by_delivery_when_there_is_no_sequence(
    reader: TimelineReader, store: Store, make: Samples
) -> None:
    ann = await make.add_subscriber("ann")
    notification, _ = await make.add_notification()
    delivery = make.delivery(notification_id=notification.id, target="ann", channel=Channel.IN_APP)
    await make.add_deliveries(replace(delivery, status=DeliveryStatus.SENT))
    seen = store.now()
    await make.add_items(make.item(ann.id, id=delivery.id, notification_id=notification.id, seen_at=seen))
    (marks,) = (await read(reader, notification)).items
    assert (marks.item_id, marks.subscriber_id, marks.seen_at) == (delivery.id, "ann", seen)


async def test_nothing_is_told_when_there_is_too_much(reader: TimelineReader, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    assert await read(reader, notification, limit=2) == TimelineFacts(complete=False)
    assert (await read(reader, notification, limit=3)).complete
    assert (await read(reader, notification, "u0", limit=1)).complete


async def test_nothing_is_told_when_the_notification_is_anothers(reader: TimelineReader, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    await make.add_runs(make.run(notification_id=notification.id))
    assert await read(reader, replace(notification, tenant_id=STRANGER)) == TimelineFacts()
