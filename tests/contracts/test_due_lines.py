"""Where work is due: one look at all queues and classes instead of a claim in each."""

from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from tests.contracts.job_calls import Jobs
from tests.contracts.queue_calls import Queue
from tests.contracts.samples import QUEUE, Samples
from tests.contracts.stores import Store


async def test_lines_are_those_with_due_pending_deliveries_of_the_channel(store: Store, make: Samples) -> None:
    await make.add_deliveries(
        make.delivery(target="a", priority=Priority.HIGH),
        make.delivery(target="b", priority=Priority.BULK, queue="reports"),
        make.delivery(target="c", channel=Channel.WEBHOOK),
        make.delivery(target="d", queue="elsewhere"),
    )
    queue = Queue(store)

    assert await queue.due_lines(QUEUE, "reports") == {(QUEUE, Priority.HIGH), ("reports", Priority.BULK)}
    assert await queue.due_lines(QUEUE, channel=Channel.WEBHOOK) == {(QUEUE, Priority.NORMAL)}


async def test_line_is_not_due_any_more_when_its_deliveries_are_leased(store: Store, make: Samples) -> None:
    await make.add_deliveries(make.delivery())
    queue = Queue(store)
    before = await queue.due_lines()

    await queue.claim()

    assert (before, await queue.due_lines()) == ({(QUEUE, Priority.NORMAL)}, set())


async def test_line_is_not_due_when_nothing_in_it_has_waited_for_so_long(store: Store, make: Samples) -> None:
    await make.add_deliveries(make.delivery())
    queue = Queue(store)
    await store.after(0.05)

    assert await queue.due_lines(overdue=60.0) == set()
    assert await queue.due_lines(overdue=0.05) == {(QUEUE, Priority.NORMAL)}


async def test_classes_are_those_with_due_pending_jobs_of_the_queue(store: Store, make: Samples) -> None:
    await make.add_job(priority=Priority.HIGH)
    await make.add_job(priority=Priority.BULK, queue="reports")
    await make.add_job(priority=Priority.CRITICAL, delay=3600.0)
    jobs = Jobs(store)
    before = await jobs.due_lines()

    await jobs.claim(priority=Priority.HIGH)

    assert (before, await jobs.due_lines(), await jobs.due_lines("reports")) == (
        {Priority.HIGH},
        set(),
        {Priority.BULK},
    )
