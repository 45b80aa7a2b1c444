"""Workflows under way."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from application.ports.notification_channel import SendReport
from application.ports.templates import Rendered, RenderJob, RenderProblem, Templates, TemplateSource
from domain.inbox.item import Mark
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts
from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.preference import PreferenceSet, SubscriberPreferences, Switches
from domain.shared.errors import Unavailable
from domain.workflows.run import RunStatus, StepOutcome, Wait
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.run_world import INBOX, KEY, MAIL, TEXT, RunWorld
from tests.unit.worker.world import until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DELAY = {"key": "wait", "type": "delay", "delay": {"for": "10m"}}
DELAYED = Wait(since=NOON, until=NOON, reason="delay")
REFUSED = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=550, error_code="smtp.recipient_refused")


def world_with_mail() -> tuple[RunWorld, RecordingChannel]:
    channel = RecordingChannel(Channel.EMAIL)
    return RunWorld(channel), channel


def ended(world: RunWorld, *targets: str) -> bool:
    return all(world.run(target).finished_at is not None for target in targets or ("u1",))


async def test_every_step_is_rendered_for_its_recipient_and_sent_when_it_is_its_turn() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, MAIL)
    notification = await world.trigger("ann", "bob")
    async with world.working():
        await until(lambda: ended(world, "ann", "bob"))
        await until(lambda: len(channel.sent) == 2)
        await until(lambda: world.counts(notification).pending == 0)

    assert sorted(item.title for item in world.items()) == ["Hello Ann", "Hello Bob"]
    assert [(message.title, message.body) for message in channel.sent] == [("Order 42", "On its way")] * 2
    assert world.counts(notification) == Counts(sent=4)
    assert world.run("ann").status is RunStatus.COMPLETED
    assert [record.outcome for record in world.run("ann").steps.values()] == [StepOutcome.HANDED_OVER] * 2


async def test_what_comes_after_a_delay_waits_for_it() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, DELAY, MAIL)
    notification = await world.trigger()
    async with world.working():
        await until(lambda: world.run().wait is not None)
        assert (len(world.items()), channel.sent, world.counts(notification).pending) == (1, (), 1)
        assert world.run_due_in() == 600
        world.clock.advance(599)
        world.bus.wake(["notifications"])
        await asyncio.sleep(0.05)
        assert world.of_step("mail") == []
        world.clock.advance(1)
        await until(lambda: len(channel.sent) == 1)

    assert [record.outcome for record in world.run().steps.values()] == [
        StepOutcome.HANDED_OVER,
        StepOutcome.COMPLETED,
        StepOutcome.HANDED_OVER,
    ]


async def test_a_delay_lasts_until_the_time_in_the_payload() -> None:
    world, channel = world_with_mail()
    await world.publish({"key": "wait", "type": "delay", "delay": {"until": "{{ payload.at }}"}}, MAIL)
    at = world.clock.now() + timedelta(hours=2)
    await world.trigger(payload={"at": at.isoformat(), "order": 1})
    async with world.working():
        await until(lambda: world.run().wait is not None)
        wait = world.run().wait
        assert wait is not None
        assert wait.until == at
        world.clock.advance(7_200)
        await until(lambda: len(channel.sent) == 1)


async def test_a_delay_is_left_out_when_its_time_cannot_be_read() -> None:
    world, channel = world_with_mail()
    await world.publish({"key": "wait", "type": "delay", "delay": {"until": "{{ payload.at }}"}}, MAIL)
    await world.trigger(payload={"at": "soon"})
    async with world.working():
        await until(lambda: len(channel.sent) == 1)

    assert world.run().steps["wait"].reason == "delay.unreadable"


async def test_a_step_is_left_out_when_its_condition_does_not_hold() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, {**MAIL, "if": {">": [{"var": "payload.order"}, 100]}})
    notification = await world.trigger()
    async with world.working():
        await until(lambda: ended(world))

    record = world.run().steps["mail"]
    assert (record.outcome, record.reason) == (StepOutcome.SKIPPED, "condition")
    assert (channel.sent, world.counts(notification)) == ((), Counts(sent=1))


async def test_single_routing_goes_on_to_the_next_channel_when_the_first_is_refused() -> None:
    mail = RecordingChannel(Channel.EMAIL, reports=lambda _: REFUSED)
    text = RecordingChannel(Channel.SMS)
    world = RunWorld(mail, text)
    await world.publish(MAIL, TEXT, INBOX, routing={"method": "single"})
    await world.trigger()
    async with world.working():
        await until(lambda: len(mail.tries) == 1)
        for _ in range(20):
            world.clock.advance(1)
            await asyncio.sleep(0.01)
        await until(lambda: ended(world))

    assert [message.body for message in text.sent] == ["Order 42"]
    assert world.items() == []
    assert world.run().steps["inbox"].reason == "routing.single"


async def test_an_escalation_is_called_off_when_the_item_was_seen() -> None:
    world, channel = world_with_mail()
    escalate = {"step": "inbox", "ifNot": "seen", "after": "30m"}
    await world.publish(INBOX, {**MAIL, "escalate": escalate})
    await world.trigger("ann", "bob")
    async with world.working():
        await until(lambda: all(world.run(name).wait is not None for name in ("ann", "bob")))
        (seen,) = [item for item in world.items() if item.title == "Hello Ann"]
        async with world.unit_of_work() as uow:
            await uow.inbox.save(seen.marked(Mark.SEEN, world.clock.now()))
            await uow.commit()
        world.clock.advance(1_800)
        await until(lambda: ended(world, "ann", "bob"))
        await until(lambda: len(channel.sent) == 1)

    assert world.run("ann").steps["mail"].reason == "escalation.seen"
    assert [message.address["email"] for message in channel.sent] == ["bob@example.org"]


async def test_nothing_more_is_sent_when_the_notification_was_cancelled() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, DELAY, MAIL)
    notification = await world.trigger()
    async with world.working():
        await until(lambda: world.run().wait is not None)
        async with world.unit_of_work() as uow:
            await uow.notifications.request_cancel("default", notification.id, world.clock.now())
            await uow.commit()
        world.clock.advance(600)
        await until(lambda: ended(world))

    assert (world.run().status, channel.sent) == (RunStatus.CANCELLED, ())
    assert world.counts(notification) == Counts(sent=1, cancelled=1)


async def test_a_run_expires_with_its_notification_in_the_middle_of_a_delay() -> None:
    world, channel = world_with_mail()
    await world.publish(DELAY, MAIL)
    notification = await world.trigger(expires_at=world.clock.now() + timedelta(minutes=5))
    async with world.working():
        await until(lambda: world.run().wait is not None)
        world.clock.advance(300)
        await until(lambda: ended(world))

    assert (world.run().status, channel.sent) == (RunStatus.EXPIRED, ())
    assert world.counts(notification) == Counts(expired=1)


async def test_a_step_is_suppressed_when_its_channel_is_off_by_default() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, MAIL, preferences={"channels": {"email": False}})
    notification = await world.trigger()
    async with world.working():
        await until(lambda: ended(world))

    (mail,) = world.of_step("mail")
    assert (mail.status, mail.reason) == (DeliveryStatus.SUPPRESSED, "preference.workflow_default_channel")
    assert (channel.sent, world.counts(notification)) == ((), Counts(sent=1, suppressed=1))


async def test_switches_do_not_count_when_the_workflow_is_critical() -> None:
    world, channel = world_with_mail()
    await world.publish(DELAY, MAIL, critical=True)
    await world.trigger()
    async with world.working():
        await until(lambda: world.run().wait is not None)
        nothing = SubscriberPreferences(switches=Switches(everything=PreferenceSet(enabled=False)))
        await prefers(world, "u1", nothing)
        world.clock.advance(600)
        await until(lambda: len(channel.sent) == 1)


async def test_everything_but_the_sending_happens_when_it_is_a_dry_run() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, MAIL)
    notification = await world.trigger(dry_run=True)
    async with world.working():
        await until(lambda: ended(world))

    assert {each.reason for each in world.deliveries()} == {"dry_run"}
    assert (world.items(), channel.sent, world.counts(notification)) == ([], (), Counts(suppressed=2))


BROKEN = {"key": "inbox", "type": "in_app", "template": {"title": "{{ payload.order | divided_by: 0 }}", "body": ""}}


async def test_a_step_has_failed_and_the_next_is_run_when_its_template_breaks() -> None:
    world, channel = world_with_mail()
    await world.publish(BROKEN, MAIL)
    await world.trigger()
    async with world.working():
        await until(lambda: len(channel.sent) == 1)

    (inbox,) = world.of_step("inbox")
    assert inbox.status is DeliveryStatus.FAILED
    assert (inbox.reason or "").startswith("template.")
    assert world.items() == []


async def test_a_delivery_has_failed_without_a_try_when_its_message_cannot_be_rendered() -> None:
    world, channel = world_with_mail()
    await world.publish({**MAIL, "template": {"subject": "{{ payload.order | divided_by: 0 }}", "text": "x"}})
    await world.trigger()
    async with world.working():
        await until(lambda: bool(world.of_step("mail")) and world.of_step("mail")[0].finished_at is not None)

    (mail,) = world.of_step("mail")
    assert mail.status is DeliveryStatus.FAILED
    assert (mail.reason or "").startswith("template.")
    assert (channel.tries, world.attempts(mail)) == ((), [])


class Stubborn(Templates):
    """Cannot render until `back`."""

    def __init__(self, inner: Templates) -> None:
        self.back = False
        self.asked = 0
        self._inner = inner

    async def check(self, source: TemplateSource) -> Sequence[RenderProblem]:
        return await self._inner.check(source)

    async def render(self, job: RenderJob) -> Rendered | RenderProblem:
        return (await self.render_many([job]))[0]

    async def render_many(self, jobs: Sequence[RenderJob]) -> Sequence[Rendered | RenderProblem]:
        self.asked += 1
        if not self.back:
            raise Unavailable("planted")
        return await self._inner.render_many(jobs)


@pytest.mark.parametrize("step", [INBOX, MAIL], ids=["of a run", "of a delivery"])
async def test_work_waits_and_is_done_once_when_nothing_can_be_rendered_for_a_while(step: dict[str, object]) -> None:
    world, channel = world_with_mail()
    world.templates = stubborn = Stubborn(world.templates)
    await world.publish(step)
    notification = await world.trigger()
    async with world.working():
        await until(lambda: stubborn.asked > 1)
        stubborn.back = True
        await until(lambda: world.counts(notification) == Counts(sent=1), 10)

    assert len(world.items()) + len(channel.sent) == 1


async def test_nothing_is_written_twice_when_two_workers_hold_the_same_run() -> None:
    world, _ = world_with_mail()
    await world.publish(INBOX, MAIL)
    await world.trigger()
    worker = world.worker()
    assert worker is not None
    use_cases = world.runs.use_cases()
    first = await use_cases.claim_runs()(["notifications"], 10)
    world.clock.advance(world.lease_seconds + 1)
    second = await use_cases.claim_suspect_runs()(["notifications"], 10)

    await use_cases.run(second)
    await use_cases.run(first)

    assert (len(first), len(second), len(world.items()), len(world.of_step("mail"))) == (1, 1, 1, 1)
    assert world.run().status is RunStatus.COMPLETED


async def test_a_run_that_kills_its_workers_is_poison() -> None:
    world, _ = world_with_mail()
    await world.publish(INBOX)
    notification = await world.trigger()
    world.worker()
    use_cases = world.runs.use_cases()
    await use_cases.claim_runs()(["notifications"], 10)
    taken = 0
    for _ in range(10):
        world.clock.advance(world.lease_seconds + 1)
        taken += len(await use_cases.claim_suspect_runs()(["notifications"], 10))

    assert (world.run().status, world.run().reason, taken) == (RunStatus.FAILED, "poison", 5)
    assert world.counts(notification) == Counts(failed=1)


async def test_several_mails_of_one_workflow_are_deliveries_of_their_own() -> None:
    world, channel = world_with_mail()
    await world.publish(MAIL, {**MAIL, "key": "again", "template": {"subject": "Again", "text": "x"}})
    await world.trigger()
    async with world.working():
        await until(lambda: len(channel.sent) == 2)

    assert sorted(message.title for message in channel.sent) == ["Again", "Order 42"]


async def prefers(world: RunWorld, name: str, preferences: SubscriberPreferences) -> None:
    async with world.unit_of_work() as uow:
        person = await uow.subscribers.get("default", name)
        assert person is not None
        await uow.preferences.save("default", person.id, preferences)
        await uow.commit()


async def test_a_step_is_suppressed_when_its_recipient_has_switched_the_workflow_off() -> None:
    world, channel = world_with_mail()
    await world.publish(INBOX, DELAY, MAIL)
    await world.trigger("ann", "bob")
    switches = Switches(workflows={KEY: PreferenceSet(channels={"email": False})})
    async with world.working():
        await until(lambda: all(world.run(name).wait is not None for name in ("ann", "bob")))
        await prefers(world, "ann", SubscriberPreferences(switches=switches))
        world.clock.advance(600)
        await until(lambda: ended(world, "ann", "bob"))
        await until(lambda: len(channel.sent) == 1)

    (anns,) = [each for each in world.of_step("mail") if each.target == "ann"]
    assert (anns.status, anns.reason) == (DeliveryStatus.SUPPRESSED, "preference.workflow_channel")
    assert world.run("ann").steps["mail"].because == "the subscriber's switch for this channel of this workflow is off"


@pytest.mark.parametrize(("critical", "held"), [(False, True), (True, False)])
async def test_a_text_waits_until_somebody_may_be_disturbed_again_unless_it_is_critical(
    critical: bool, held: bool
) -> None:
    text = RecordingChannel(Channel.SMS)
    world = RunWorld(text)
    await world.publish(DELAY, TEXT, critical=critical)
    await world.trigger()
    later = world.clock.now() + timedelta(hours=8)
    async with world.working():
        await until(lambda: world.run().wait is not None)
        await prefers(world, "u1", SubscriberPreferences(do_not_disturb=DoNotDisturb(until=later)))
        world.clock.advance(600)
        if held:
            await until(lambda: (world.run().wait or DELAYED).reason == "preference.do_not_disturb")
            wait = world.run().wait
            assert wait is not None
            assert (wait.until, text.sent) == (later, ())
            world.clock.advance(8 * 3_600)
        await until(lambda: len(text.sent) == 1)
