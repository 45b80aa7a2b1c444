"""Steps that gather many events for one message."""

from datetime import timedelta
from typing import Any

import pytest

from domain.inbox.item import Mark
from domain.notifications.channel import Channel
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonObject
from domain.shared.moment import wire_time
from domain.workflows.run import Run, RunStatus, StepOutcome
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.run_world import INBOX, RunWorld
from tests.unit.worker.test_throttle_steps import settle
from tests.unit.worker.world import until

NEWS = {
    "key": "mail",
    "type": "email",
    "template": {
        "subject": "{{ digest.count }} orders",
        "text": "{% for each in digest.items %}{{ each.order }} {% endfor %}",
    },
}


def group(**settings: Any) -> JsonObject:  # Any: settings of many types
    window = {} if "cron" in settings else {"window": "10m"}
    return {"key": "group", "type": "digest", "digest": {**window, **settings}}


def world_with_mail() -> tuple[RunWorld, RecordingChannel]:
    channel = RecordingChannel(Channel.EMAIL)
    return RunWorld(channel), channel


async def gather(world: RunWorld, *orders: int, **changes: Any) -> list[Notification]:
    """Trigger one after the other, a second apart, each when the one before waits."""
    found = []
    for order in orders:
        found.append(await world.trigger(payload={"order": order}, **changes))
        await until(lambda: world.run().wait is not None)
        world.clock.advance(1)
    return found


def runs_of(world: RunWorld, notifications: list[Notification]) -> list[Run]:
    runs = {entry.item.notification_id: entry.item for entry in world.database.runs.committed.all()}
    return [runs[each.id] for each in notifications]


async def cancel(world: RunWorld, notification: Notification) -> None:
    async with world.unit_of_work() as uow:
        await uow.notifications.request_cancel("default", notification.id, world.clock.now())
        await uow.commit()


async def test_one_message_tells_of_all_when_many_come_within_the_window() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    began = world.clock.now()
    async with world.working():
        notifications = await gather(world, 1, 2, 3)
        assert channel.tries == ()
        world.clock.advance(600)
        await settle(world)
        await until(lambda: len(channel.sent) == 1)
        await until(lambda: world.counts(notifications[0]).pending == 0)

    first, *others = runs_of(world, notifications)
    assert [(message.title, message.body) for message in channel.sent] == [("3 orders", "1 2 3 ")]
    assert first.steps["group"].result == {
        "count": 3,
        "items": [{"order": 1}, {"order": 2}, {"order": 3}],
        "firstAt": wire_time(began),
        "lastAt": wire_time(began + timedelta(seconds=2)),
    }
    for run in others:
        assert (run.status, run.reason) == (RunStatus.COMPLETED, "digest.merged")
        assert run.steps["group"].result == {"into": str(first.id)}
        assert (run.steps["group"].outcome, run.steps["mail"].outcome) == (StepOutcome.COMPLETED, StepOutcome.SKIPPED)
        assert run.steps["mail"].reason == "digest.merged"
    assert [world.counts(each) for each in notifications] == [Counts(sent=1), Counts(), Counts()]


async def test_the_next_window_is_opened_when_one_has_closed() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        for orders in ((1, 2), (3,)):
            await gather(world, *orders)
            world.clock.advance(600)
            await settle(world)
        await until(lambda: len(channel.sent) == 2)

    assert [message.body for message in channel.sent] == ["1 2 ", "3 "]


async def test_each_window_keeps_its_own_when_the_first_closes_late() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        await gather(world, 1, 2)
    world.clock.advance(700)
    await world.trigger(payload={"order": 3})
    async with world.working():
        await until(lambda: len(channel.sent) == 1)
        world.clock.advance(700)
        await until(lambda: len(channel.sent) == 2)

    assert [message.body for message in channel.sent] == ["1 2 ", "3 "]


async def test_keys_and_people_are_kept_apart_when_they_differ() -> None:
    world, channel = world_with_mail()
    await world.publish(group(key="{{ payload.order | modulo: 2 }}"), NEWS)
    for order in (1, 2, 3):
        await world.trigger("ann", "bob", payload={"order": order})
    async with world.working():
        await until(lambda: all(entry.item.wait for entry in world.database.runs.committed.all()))
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 4)

    assert sorted(message.body for message in channel.sent) == ["1 3 ", "1 3 ", "2 ", "2 "]


async def test_the_others_are_counted_when_more_come_than_are_shown() -> None:
    world, channel = world_with_mail()
    await world.publish(group(maxItems=2), NEWS)
    async with world.working():
        await gather(world, 1, 2, 3)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    assert [(message.title, message.body) for message in channel.sent] == [("3 orders", "1 2 ")]


async def test_the_others_are_counted_when_all_would_be_too_long() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    for order in (1, 2, 3):
        await world.trigger(payload={"order": order, "text": "x" * 100_000})
    async with world.working():
        await until(lambda: all(entry.item.wait for entry in world.database.runs.committed.all()))
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    assert [(message.title, message.body) for message in channel.sent] == [("3 orders", "1 2 ")]


async def test_only_a_flood_is_gathered_when_it_looks_back() -> None:
    world, channel = world_with_mail()
    await world.publish(group(lookBack="5m"), NEWS)
    async with world.working():
        await world.trigger(payload={"order": 1})
        await until(lambda: len(channel.sent) == 1)
        assert world.run().steps["group"].reason == "digest.at_once"
        world.clock.advance(60)
        await gather(world, 2, 3)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 2)

    assert [message.body for message in channel.sent] == ["1 ", "2 3 "]


@pytest.mark.parametrize("zone", ["subscriber", "Asia/Tokyo"])
async def test_it_closes_by_the_clock_on_the_wall_when_it_has_a_cron_line(zone: str) -> None:
    world, _ = world_with_mail()
    await world.publish(group(cron="0 9 * * *", timezone=zone), NEWS)
    now = world.clock.now()
    async with world.unit_of_work() as uow:
        await uow.subscribers.ensure_many("default", [world.person("u1", timezone="Asia/Tokyo")])
        await uow.commit()
    async with world.working():
        await gather(world, 1)

    wait = world.run().wait
    assert wait is not None
    assert (wait.until.hour, wait.until.minute, wait.until > now) == (0, 0, True)
    assert wait.until - now <= timedelta(days=1)


@pytest.mark.parametrize(("cancelled", "body"), [(0, "2 3 "), (1, "1 3 "), (2, "1 2 ")])
async def test_what_was_cancelled_is_not_told_of_when_the_window_closes(cancelled: int, body: str) -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        notifications = await gather(world, 1, 2, 3)
        await cancel(world, notifications[cancelled])
        world.clock.advance(601)
        await settle(world)
        await until(lambda: len(channel.sent) == 1)

    assert [(message.title, message.body) for message in channel.sent] == [("2 orders", body)]
    assert runs_of(world, notifications)[cancelled].status is RunStatus.CANCELLED


async def test_nothing_is_lost_when_the_first_run_is_cancelled_while_its_worker_decides() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        notifications = await gather(world, 1, 2)
    world.worker()
    world.clock.advance(598)
    advance = world.runs.advance_runs()
    (claimed,) = await world.runs.use_cases().claim_runs()(["notifications"], 10)
    async with world.unit_of_work() as uow:
        scenes = await advance.loader.load(uow, [claimed])
    advanced = await advance.runner.advance(scenes[0], world.clock.now())
    await cancel(world, notifications[0])
    async with world.unit_of_work() as uow:
        await advance.writer.write(uow, [advanced], world.clock.now())
        await uow.commit()
    async with world.working():
        world.clock.advance(10)
        await settle(world)
        await until(lambda: len(channel.sent) == 1)

    assert [message.body for message in channel.sent] == ["2 "]
    assert [run.status for run in runs_of(world, notifications)] == [RunStatus.CANCELLED, RunStatus.COMPLETED]


async def test_the_others_go_on_when_the_first_expires_before_the_window_closes() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        first = await gather(world, 1, expires_at=world.clock.now() + timedelta(minutes=5))
        await gather(world, 2, 3)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    assert [message.body for message in channel.sent] == ["2 3 "]
    assert runs_of(world, first)[0].status is RunStatus.EXPIRED


async def test_it_gathers_nothing_of_a_dry_run_when_both_come() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        await world.trigger(dry_run=True)
        await settle(world)
        await gather(world, 2)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    assert [message.body for message in channel.sent] == ["2 "]


async def test_an_event_counts_once_when_two_workers_hold_its_run() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    await world.trigger()
    world.worker()
    use_cases = world.runs.use_cases()
    first = await use_cases.claim_runs()(["notifications"], 10)
    world.clock.advance(world.lease_seconds + 1)
    second = await use_cases.claim_suspect_runs()(["notifications"], 10)
    await use_cases.run(second)
    await use_cases.run(first)
    async with world.working():
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    assert [message.title for message in channel.sent] == ["1 orders"]


async def test_a_run_stays_in_its_window_when_its_condition_no_longer_holds() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, {**group(), "skip": {"var": "steps.inbox.seen"}}, NEWS)
    async with world.working():
        await gather(world, 1, 2)
        async with world.unit_of_work() as uow:
            for item in world.items():
                await uow.inbox.save(item.marked(Mark.SEEN, world.clock.now()))
            await uow.commit()
        world.clock.advance(601)
        await settle(world)
        await until(lambda: len(channel.sent) == 1)

    assert [message.body for message in channel.sent] == ["1 2 "]


async def test_an_event_opens_a_window_of_its_own_when_another_clock_has_closed_the_last() -> None:
    world, channel = world_with_mail()
    await world.publish(group(), NEWS)
    async with world.working():
        await world.trigger(payload={"order": 1})
        await until(lambda: world.run().wait is not None)
        world.clock.advance(600)
        await until(lambda: len(channel.sent) == 1)
        world.clock.advance(-5)
        await gather(world, 2)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 2)

    assert [message.body for message in channel.sent] == ["1 ", "2 "]


async def test_conditions_behind_it_see_the_digest_when_it_has_closed() -> None:
    world, channel = world_with_mail()
    few = {**NEWS, "key": "few", "if": {"<": [{"var": "digest.count"}, 2]}}
    await world.publish(group(), few, {**NEWS, "if": {">=": [{"var": "digest.count"}, 2]}})
    async with world.working():
        notifications = await gather(world, 1, 2)
        world.clock.advance(601)
        await until(lambda: len(channel.sent) == 1)

    steps = runs_of(world, notifications)[0].steps
    assert (steps["few"].outcome, steps["mail"].outcome) == (StepOutcome.SKIPPED, StepOutcome.HANDED_OVER)
