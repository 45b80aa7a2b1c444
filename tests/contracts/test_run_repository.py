"""RunRepository, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from application.ports.run_repository import HandedOver, LookedAt, RunRepository
from domain.inbox.item import Mark
from domain.notifications.delivery_status import DeliveryStatus
from domain.workflows.run import Run, RunStatus, StepOutcome, StepRecord, Wait
from tests.contracts.run_calls import Runs, progress
from tests.contracts.samples import QUEUE, STRANGER, TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def repository_of(store: Store) -> AsyncIterator[RunRepository]:
    async with store.unit_of_work() as uow:
        yield uow.runs
        await uow.commit()


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


def waiting(run: Run) -> Run:
    wait = Wait(since=run.created_at, until=run.created_at + timedelta(hours=1), reason="delay")
    return replace(run, wait=wait)


async def test_a_repeat_is_left_out_when_a_page_is_written_twice(store: Store, make: Samples, runs: Runs) -> None:
    first, second = make.run(), make.run(queue="slow")
    async with repository_of(store) as repository:
        assert await repository.add_many([first, second]) == {first.id, second.id}
    assert store.wake_ups.sent == [[QUEUE, "slow"]]
    store.wake_ups.sent.clear()
    await runs.claim()
    before = await runs.stored(first)

    async with repository_of(store) as repository:
        repeats = [replace(run, id=make.ids.new(), version=9) for run in (first, second)]
        assert await repository.add_many(repeats) == set()
        assert await repository.add_many([]) == set()

    assert store.wake_ups.sent == []
    assert [await runs.stored(first), await runs.stored(second)] == [before, second]


async def test_only_new_ones_are_stored_when_some_exist(store: Store, make: Samples, runs: Runs) -> None:
    first = make.run()
    await make.add_runs(first)
    store.wake_ups.sent.clear()
    other = make.run(notification_id=first.notification_id, target="u2", queue="slow")
    async with repository_of(store) as repository:
        assert await repository.add_many([replace(first, id=make.ids.new()), other]) == {other.id}

    assert store.wake_ups.sent == [["slow"]]
    assert await runs.of_notification(first.notification_id) == [first, other]


async def test_one_is_stored_when_it_is_repeated_in_one_call(store: Store, make: Samples, runs: Runs) -> None:
    first = make.run()
    async with repository_of(store) as repository:
        assert len(await repository.add_many([first, replace(first, id=make.ids.new())])) == 1

    assert len(await runs.claim()) == 1


async def test_a_full_page_is_stored_when_added_at_once(store: Store, make: Samples) -> None:
    page = [make.run(target=f"u{number}") for number in range(500)]
    async with repository_of(store) as repository:
        assert await repository.add_many(page) == {run.id for run in page}
        keys = [(run.notification_id, run.target) for run in page]
        assert await repository.get_many(TENANT, keys) == dict(zip(keys, page, strict=True))


async def test_it_is_stored_as_over_and_wakes_nobody_when_it_is_final(store: Store, make: Samples, runs: Runs) -> None:
    run = make.run(status=RunStatus.CANCELLED, reason="cancelled", finished_at=store.now())
    await make.add_runs(run)

    assert store.wake_ups.sent == []
    assert await runs.stored(run) == run
    assert await runs.claim() == []


async def test_it_is_due_at_once_when_its_clock_runs_ahead(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(created_at=store.now() + timedelta(days=1)))

    assert len(await runs.claim()) == 1


async def test_steps_and_wait_come_back_without_loss_when_stored(store: Store, make: Samples, runs: Runs) -> None:
    at = datetime(2026, 10, 25, 2, 30, 15, 123456, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    steps = {
        "z": StepRecord(outcome=StepOutcome.HANDED_OVER, at=at, delivery_id=make.ids.new(), item_id=make.ids.new()),
        "a": StepRecord(outcome=StepOutcome.SKIPPED, at=there, reason="condition", because='"é" > 1 \n is not so'),
        "fetch": StepRecord(
            outcome=StepOutcome.COMPLETED,
            at=at,
            result={"deep": [1, 2.5, True, None, {"at": "2026-10-25", "id": str(make.ids.new())}], "": "\u2028"},
        ),
        "empty": StepRecord(outcome=StepOutcome.COMPLETED, at=at, result=""),
        "none": StepRecord(outcome=StepOutcome.COMPLETED, at=at, result=[]),
    }
    wait = Wait(since=at, until=there + timedelta(days=400), reason="preference.quiet_hours")
    run = make.run(position=5, steps=steps, wait=wait, reason="why", crashes=1, expires_at=store.now())
    await make.add_runs(run)

    stored = await runs.stored(run)
    assert stored == run
    assert list(stored.steps) == list(steps)
    assert stored.wait is not None
    assert (stored.wait.until.utcoffset(), stored.steps["z"].at.utcoffset()) == (timedelta(hours=5.5), timedelta(0))
    assert isinstance(stored.steps["z"].delivery_id, UUID)
    assert stored.steps["fetch"].outcome is StepOutcome.COMPLETED


async def test_those_that_exist_are_found_when_asked_by_target(store: Store, make: Samples) -> None:
    first = make.run(target="é")
    second, third = (make.run(notification_id=first.notification_id, target=name) for name in ("u2", "u3"))
    other = make.run(target="u2", status=RunStatus.FAILED)
    await make.add_runs(first, second, third, other)
    wanted = [first, second, other]

    async with repository_of(store) as repository:
        keys = [(run.notification_id, run.target) for run in wanted]
        missing = [(other.notification_id, "u3"), (make.ids.new(), "u2")]
        assert await repository.get_many(TENANT, [*keys, *missing]) == dict(zip(keys, wanted, strict=True))
        assert await repository.get_many(TENANT, missing) == {}
        assert await repository.get_many(TENANT, []) == {}


async def test_they_come_page_by_page_when_a_notification_has_many(store: Store, make: Samples) -> None:
    first = make.run(status=RunStatus.EXPIRED)
    rest = [make.run(notification_id=first.notification_id, target=f"n{number}") for number in range(4)]
    await make.add_runs(*rest[::-1], first, make.run())

    async with repository_of(store) as repository:
        page = await repository.of_notification(TENANT, first.notification_id, None, 2)
        then = await repository.of_notification(TENANT, first.notification_id, page[-1].id, 2)
        last = await repository.of_notification(TENANT, first.notification_id, then[-1].id, 2)
        assert await repository.of_notification(TENANT, first.notification_id, last[-1].id, 2) == []

    assert [len(page), len(then), len(last)] == [2, 2, 1]
    assert [*page, *then, *last] == [first, *rest]


async def test_busy_ones_are_counted_up_to_the_limit_when_asked(store: Store, make: Samples, runs: Runs) -> None:
    busy = make.run()
    same = busy.notification_id
    await make.add_runs(
        busy,
        *(make.run(notification_id=same, target=f"b{number}") for number in range(2)),
        waiting(make.run(notification_id=same, target="w")),
        make.run(notification_id=same, target="c", status=RunStatus.COMPLETED),
        make.run(),
    )
    assert len(await runs.claim(1)) == 1

    async with repository_of(store) as repository:
        assert await repository.busy_count(TENANT, same, 10) == 3
        assert await repository.busy_count(TENANT, same, 2) == 2
        assert await repository.busy_count(TENANT, make.ids.new(), 10) == 0


async def test_it_is_not_busy_while_it_waits_when_saved(store: Store, make: Samples, runs: Runs) -> None:
    run = make.run()
    await make.add_runs(run)
    counts = []
    for change in (waiting, lambda run: replace(run, wait=None)):
        (claimed,) = await runs.claim()
        await runs.save(progress(claimed, change(claimed.run)))
        async with repository_of(store) as repository:
            counts.append(await repository.busy_count(TENANT, run.notification_id, 10))

    assert counts == [0, 1]


async def test_only_pending_ones_are_cancelled_when_one_is_leased(store: Store, make: Samples, runs: Runs) -> None:
    leased = make.run()
    same, at = leased.notification_id, store.now()
    await make.add_runs(leased)
    await runs.claim()
    record = StepRecord(outcome=StepOutcome.SKIPPED, at=at, reason="condition")
    pending = [waiting(make.run(notification_id=same, target=f"w{each}", steps={"a": record})) for each in range(3)]
    over, other = make.run(notification_id=same, target="o", status=RunStatus.COMPLETED), make.run()
    await make.add_runs(*pending, over, other)

    async with repository_of(store) as repository:
        assert [await repository.cancel_pending(TENANT, same, 2, at) for _ in range(3)] == [2, 1, 0]

    stored = {run.target: run for run in await runs.of_notification(same)}
    assert [stored[run.target] for run in pending] == [
        run.ended(RunStatus.CANCELLED, at, "cancelled") for run in pending
    ]
    assert (stored[leased.target].status, stored["o"]) == (RunStatus.RUNNING, over)
    assert [one.run.id for one in await runs.claim()] == [other.id]


async def test_the_standing_of_deliveries_is_told_when_they_exist(store: Store, make: Samples) -> None:
    pending, failed = make.delivery(), make.delivery(status=DeliveryStatus.FAILED, reason="smtp.no_such_user")
    await make.add_deliveries(pending, failed)

    async with repository_of(store) as repository:
        found = await repository.handed_over(TENANT, {pending.id, failed.id, make.ids.new()})
        assert await repository.handed_over(TENANT, []) == {}

    assert found == {
        pending.id: HandedOver(status="pending"),
        failed.id: HandedOver(status="failed", reason="smtp.no_such_user"),
    }


async def test_whether_items_were_looked_at_is_told_when_they_exist(store: Store, make: Samples) -> None:
    subscriber, now = await make.add_subscriber(), store.now()
    fresh, read = make.item(subscriber.id), make.item(subscriber.id).marked(Mark.READ, now)
    seen = make.item(subscriber.id).marked(Mark.SEEN, now)
    await make.add_items(fresh, seen, read)

    async with repository_of(store) as repository:
        found = await repository.looked_at(TENANT, {fresh.id, seen.id, read.id, make.ids.new()})
        assert await repository.looked_at(TENANT, []) == {}

    assert found == {
        fresh.id: LookedAt(seen=False, read=False),
        seen.id: LookedAt(seen=True, read=False),
        read.id: LookedAt(seen=True, read=True),
    }


async def test_nothing_of_the_owner_is_read_or_changed_when_a_stranger_asks(
    store: Store, make: Samples, runs: Runs
) -> None:
    run, delivery = make.run(), make.delivery()
    item = make.item((await make.add_subscriber()).id)
    await make.add_runs(run)
    await make.add_deliveries(delivery)
    await make.add_items(item)

    async with repository_of(store) as repository:
        assert await repository.add_many([replace(run, id=make.ids.new(), tenant_id=STRANGER)]) == set()
        assert await repository.get_many(STRANGER, [(run.notification_id, run.target)]) == {}
        assert await repository.of_notification(STRANGER, run.notification_id, None, 10) == []
        assert await repository.busy_count(STRANGER, run.notification_id, 10) == 0
        assert await repository.cancel_pending(STRANGER, run.notification_id, 10, store.now()) == 0
        assert await repository.handed_over(STRANGER, [delivery.id]) == {}
        assert await repository.looked_at(STRANGER, [item.id]) == {}

    assert await runs.stored(run) == run
