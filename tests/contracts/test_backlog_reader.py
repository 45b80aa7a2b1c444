"""BacklogReader, over every store."""

from application.metrics.ports import Backlog, BacklogReader
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from tests.contracts.job_calls import Jobs
from tests.contracts.queue_calls import Queue
from tests.contracts.samples import QUEUE, SCOPE, STRANGER, Samples
from tests.contracts.stores import Store

LONG = 3_600.0


def reader(store: Store) -> BacklogReader:
    return store.backlog


async def test_nothing_waits_when_nothing_is_open(store: Store, make: Samples) -> None:
    await make.add_deliveries(make.delivery(status=DeliveryStatus.SENT))

    assert await reader(store).deliveries(SCOPE, frozenset({QUEUE})) == {}
    assert await reader(store).jobs(SCOPE) == {}


async def test_deliveries_count_by_queue_channel_and_state_when_they_are_open(store: Store, make: Samples) -> None:
    queue = Queue(store)
    await make.add_deliveries(make.delivery(target="leased"), make.delivery(target="later"))
    later, _leased = await queue.claim()
    await queue.record(queue.result(later, DeliveryStatus.PENDING, delay=LONG))
    await make.add_deliveries(
        make.delivery(target="a", priority=Priority.HIGH),
        make.delivery(target="b", tenant_id=STRANGER),
        make.delivery(target="d", channel=Channel.WEBHOOK),
        make.delivery(target="e", queue="reports"),
        make.delivery(target="f", queue="elsewhere"),
        make.delivery(target="g", status=DeliveryStatus.FAILED),
    )

    found = await reader(store).deliveries(SCOPE, frozenset({QUEUE, "reports"}))

    assert {line: (one.due, one.later, one.leased) for line, one in found.items()} == {
        (QUEUE, Channel.EMAIL): (2, 1, 1),
        (QUEUE, Channel.WEBHOOK): (1, 0, 0),
        ("reports", Channel.EMAIL): (1, 0, 0),
    }


async def test_age_is_that_of_the_oldest_when_several_are_due(store: Store, make: Samples) -> None:
    await make.add_deliveries(make.delivery(priority=Priority.BULK))
    await store.after(0.03)
    await make.add_deliveries(make.delivery(target="u2"))

    found = await reader(store).deliveries(SCOPE, frozenset({QUEUE}))

    assert 0.02 <= found[QUEUE, Channel.EMAIL].oldest_seconds < LONG


async def test_nothing_is_old_when_all_are_due_later_or_leased(store: Store, make: Samples) -> None:
    queue = Queue(store)
    await make.add_deliveries(make.delivery(target="leased"), make.delivery(target="later"))
    later, _leased = await queue.claim()
    await queue.record(queue.result(later, DeliveryStatus.PENDING, delay=LONG))
    await store.after(0.01)

    found = await reader(store).deliveries(SCOPE, frozenset({QUEUE}))

    assert found == {(QUEUE, Channel.EMAIL): Backlog(later=1, leased=1)}


async def test_jobs_count_by_queue_and_state_when_they_are_open(store: Store, make: Samples) -> None:
    jobs = Jobs(store)
    for _ in range(2):
        await make.add_job()
    done, _ = await jobs.claim()
    await jobs.complete(done)
    await make.add_job(tenant_id=STRANGER)
    await make.add_job(delay=LONG)
    await make.add_job(queue="reports", priority=Priority.BULK)

    found = await reader(store).jobs(SCOPE)

    assert {queue: (one.due, one.later, one.leased) for queue, one in found.items()} == {
        "default": (1, 1, 1),
        "reports": (1, 0, 0),
    }
    assert 0 <= found["default"].oldest_seconds < LONG
