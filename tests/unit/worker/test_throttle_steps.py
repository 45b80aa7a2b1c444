"""Steps that let so many go on."""

from datetime import timedelta

from domain.notifications.channel import Channel
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonObject
from domain.workflows.run import RunStatus, StepOutcome
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.run_world import INBOX, MAIL, RunWorld
from tests.unit.worker.world import until


def limit(count: int = 1, **settings: object) -> JsonObject:
    return {"key": "limit", "type": "throttle", "throttle": {"limit": count, "window": "1h", **settings}}


async def settle(world: RunWorld) -> None:
    """Until every run is over."""
    await until(lambda: all(entry.item.finished_at for entry in world.database.runs.committed.all()))


async def test_the_rest_of_the_run_is_skipped_when_the_limit_is_reached() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = RunWorld(channel)
    await world.publish(INBOX, limit(2), MAIL)
    notifications = []
    async with world.working():
        for _ in range(3):
            notifications.append(await world.trigger())
            await settle(world)
        await until(lambda: len(channel.sent) == 2)
        await until(lambda: world.counts(notifications[1]).pending == 0)

    run = world.run()
    assert (run.status, run.reason) == (RunStatus.COMPLETED, "throttle")
    assert [(each.outcome, each.reason) for each in run.steps.values()] == [
        (StepOutcome.HANDED_OVER, None),
        (StepOutcome.SKIPPED, "throttle"),
        (StepOutcome.SKIPPED, "throttle"),
    ]
    assert [world.counts(each) for each in notifications] == [Counts(sent=2), Counts(sent=2), Counts(sent=1)]


async def test_some_go_on_when_more_than_the_limit_come_in_one_batch() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(2), INBOX)
    for _ in range(5):
        await world.trigger()
    async with world.working():
        await settle(world)

    assert len(world.items()) == 2


async def test_they_go_on_again_when_the_window_is_over() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(), INBOX)
    async with world.working():
        for seconds in (0, 3_599, 1):
            world.clock.advance(seconds)
            await world.trigger()
            await settle(world)

    assert len(world.items()) == 2


async def test_each_is_counted_for_itself_when_keys_or_people_differ() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(key="{{ payload.project }}"), INBOX)
    async with world.working():
        for project in ("a", "b", "a", " a "):
            await world.trigger("ann", "bob", payload={"project": project})
            await settle(world)

    assert sorted(item.title for item in world.items()) == ["Hello Ann"] * 2 + ["Hello Bob"] * 2


async def test_it_counts_once_when_two_workers_hold_the_same_run() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(2), INBOX)
    await world.trigger()
    world.worker()
    use_cases = world.runs.use_cases()
    first = await use_cases.claim_runs()(["notifications"], 10)
    world.clock.advance(world.lease_seconds + 1)
    second = await use_cases.claim_suspect_runs()(["notifications"], 10)
    await use_cases.run(second)
    await use_cases.run(first)
    async with world.working():
        await world.trigger()
        await settle(world)

    assert len(world.items()) == 2


async def test_the_limit_is_not_used_up_when_it_is_a_dry_run() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(), INBOX)
    async with world.working():
        await world.trigger(dry_run=True)
        await settle(world)
        assert world.run().steps["limit"].reason == "dry_run"
        await world.trigger()
        await settle(world)

    assert len(world.items()) == 1


async def test_it_limits_nothing_when_its_key_cannot_be_rendered() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(key="{{ payload.order | divided_by: 0 }}"), INBOX)
    async with world.working():
        for _ in range(2):
            await world.trigger()
            await settle(world)

    assert (len(world.items()), world.run().steps["limit"].reason) == (2, "throttle.unreadable")


async def test_it_is_forgotten_no_sooner_than_its_window_is_over_when_stored() -> None:
    world = RunWorld(RecordingChannel(Channel.EMAIL))
    await world.publish(limit(), INBOX)
    await world.trigger()
    async with world.working():
        await settle(world)

    (stored,) = world.database.step_windows.committed.all()
    assert stored.kept.needed_until == world.clock.now() + timedelta(hours=1)
