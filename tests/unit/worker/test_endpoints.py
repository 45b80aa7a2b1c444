"""Webhooks that are switched off by what they answer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.json import JsonObject
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.assembly import TENANT
from tests.unit.worker.world import World, until

URL = "https://example.org/hook"
OK = SendReport(outcome=AttemptOutcome.OK, status_code=200)
GONE = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=410, error_code="webhook.gone", gone=True)
REFUSED = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=404, error_code="webhook.http_404")
OURS = SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code="webhook.no_signing_secret")


def world_with(*answers: SendReport) -> World:
    return World(RecordingChannel(Channel.WEBHOOK, providers={"webhook": list(answers)}))


def point_of(world: World, delivery: Delivery) -> JsonObject:
    """The webhook of the delivery's subscriber as it is stored now."""
    people = world.database.subscribers.committed.all()
    point = next(each for each in people if each.subscriber_id == delivery.target).channels["webhook"]
    assert isinstance(point, Mapping)
    return point


async def another(world: World, like: Delivery) -> Delivery:
    """One more delivery of the same notification to the same subscriber."""
    more = replace(like, id=world.ids.new(), generation=like.generation + 1, created_at=world.clock.now())
    async with world.unit_of_work() as uow:
        await uow.deliveries.add_many([more])
        await uow.commit()
    return more


async def run(world: World, delivery: Delivery) -> Delivery:
    """Let it be worked on until it has had a round or its end; what was found out is written when this returns."""
    async with world.working():
        await until(lambda: world.delivery(delivery).rounds or world.delivery(delivery).finished_at)
    return world.delivery(delivery)


async def test_the_next_delivery_is_suppressed_when_the_endpoint_has_answered_410() -> None:
    world = world_with(GONE)
    (first,) = await world.notify(channel=Channel.WEBHOOK)
    assert (await run(world, first)).reason == "webhook.gone"
    assert point_of(world, first) == {
        "url": URL,
        "disabledAt": "2026-03-01T12:00:00.000Z",
        "disabledReason": "gone",
    }
    second = await run(world, await another(world, first))

    assert (second.status, second.reason) == (DeliveryStatus.SUPPRESSED, "endpoint_disabled")
    assert not world.attempts(second)
    (line,) = world.log.lines("endpoint.disabled")
    assert (line.fields["subscriber_id"], line.fields["reason"]) == (first.target, "gone")
    assert world.metrics.count("endpoints_disabled_total", reason="gone") == 1


async def test_the_endpoint_is_switched_off_when_nothing_but_failures_came_from_it_for_five_days() -> None:
    world = world_with(REFUSED, REFUSED, REFUSED)
    (first,) = await world.notify(channel=Channel.WEBHOOK)
    await run(world, first)
    world.clock.advance(timedelta(days=4).total_seconds())
    second = await another(world, first)
    await run(world, second)
    assert "disabledAt" not in point_of(world, first)
    world.clock.advance(timedelta(days=1).total_seconds())
    await run(world, await another(world, second))

    assert point_of(world, first)["disabledReason"] == "failing"


async def test_the_endpoint_stays_on_when_it_succeeds_in_between() -> None:
    world = world_with(REFUSED, OK, REFUSED)
    (delivery,) = await world.notify(channel=Channel.WEBHOOK)
    await run(world, delivery)
    assert "failingSince" in point_of(world, delivery)
    world.clock.advance(timedelta(days=4).total_seconds())
    delivery = await another(world, delivery)
    await run(world, delivery)
    assert point_of(world, delivery) == {"url": URL}
    world.clock.advance(timedelta(days=2).total_seconds())
    await run(world, await another(world, delivery))

    assert "disabledAt" not in point_of(world, delivery)


async def test_the_endpoint_is_not_blamed_when_the_mistake_is_ours() -> None:
    world = world_with(OURS)
    (delivery,) = await world.notify(channel=Channel.WEBHOOK)
    await run(world, delivery)

    assert point_of(world, delivery) == {"url": URL}


async def test_the_new_endpoint_stays_on_when_the_old_one_says_that_it_is_gone() -> None:
    world = World()
    moved = "https://example.org/moved"

    async def answer(_: object) -> SendReport:
        async with world.unit_of_work() as uow:
            (subscriber,) = (await uow.subscribers.get_many(TENANT, [delivery.target])).values()
            await uow.subscribers.save(replace(subscriber, channels={"webhook": {"url": moved}}))
            await uow.commit()
        return GONE

    world.channels[Channel.WEBHOOK] = RecordingChannel(Channel.WEBHOOK, reports=answer)
    (delivery,) = await world.notify(channel=Channel.WEBHOOK)
    await run(world, delivery)

    assert point_of(world, delivery) == {"url": moved}


async def test_results_stand_when_what_was_found_out_cannot_be_written() -> None:
    world = world_with(GONE)
    (delivery,) = await world.notify(channel=Channel.WEBHOOK)

    async def away() -> None:
        if world.delivery(delivery).status is DeliveryStatus.FAILED:
            raise RuntimeError("planted")

    world.before_transaction = away
    done = await run(world, delivery)

    assert (done.status, done.rounds) == (DeliveryStatus.FAILED, 1)
    assert world.log.lines("endpoints.note_failed")
    assert point_of(world, delivery) == {"url": URL}
