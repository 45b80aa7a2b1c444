"""Where people, pages and clocks meet."""

from datetime import timedelta

from container import Container
from domain.notifications.channel import Channel
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    BACKEND,
    EMAIL,
    as_subscriber,
    deliveries,
    inbox,
    make_topic,
    notification,
    reached,
    request,
    send,
    topic,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs


async def test_cancelling_changes_nothing_when_it_is_finished(container: Container) -> None:
    sent = await send(container, request("ann"))
    events = len(container.memory_database().unsealed.all())
    await container.cancel_notification()(BACKEND, sent.id)
    assert len(container.memory_database().unsealed.all()) == events


async def test_recipient_is_written_once_when_routing_is_single_and_contact_comes_later(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    sent = await send(
        container, request(topic("news"), with_email("ann"), channels=(Channel.EMAIL, Channel.IN_APP), routing="single")
    )
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (await reached(container, sent.id), view.recipients) == (["ann"], 1)


async def test_contact_of_the_request_is_used_when_a_topic_named_it_first(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    sent = await send(container, request(topic("news"), with_email("ann"), channels=EMAIL))
    await run_due_jobs(container)
    assert (await deliveries(container, sent.id))[0].reason is None


async def test_item_comes_back_when_the_clock_of_the_worker_is_behind_that_of_the_store(
    container: Container, clock: FixedClock
) -> None:
    await send(container, request("ann"))
    [item] = await inbox(container, "ann")
    await container.snooze_item()(as_subscriber("ann"), item.id, clock.now() + timedelta(hours=1))
    clock.advance(3600)
    [job] = await container.claim_jobs()("notifications", 10)
    clock.advance(-0.05)
    outcome = await container.run_job()(job)
    await container.settle_job()(job, outcome)
    clock.advance(3600)
    await run_due_jobs(container)
    assert (await inbox(container, "ann"))[0].snoozed_until is None
