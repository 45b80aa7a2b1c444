"""Stopping what is not sent yet: one notification, or all that waits for somebody who is gone."""

from datetime import timedelta
from uuid import UUID

import pytest

from container import Container
from domain.notifications.channel import Channel
from domain.notifications.errors import NotificationNotFound
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.subscribers.subscriber import SubscriberNotFound
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    BACKEND,
    EMAIL,
    TENANT,
    counters,
    inbox,
    make_topic,
    names,
    notification,
    reached,
    request,
    send,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs
from tests.unit.application.sending import lease_mail, mail_out


async def test_waiting_deliveries_are_cancelled_and_sent_ones_stay_when_cancelled(container: Container) -> None:
    people = [with_email(name) for name in names(5)]
    sent = await send(container, request(*people, channels=EMAIL))
    await mail_out(container, 2)
    await container.cancel_notification()(BACKEND, sent.id)
    view = await notification(container, sent.id)
    assert (view.counts, view.status) == (Counts(sent=2, cancelled=3), NotificationStatus.COMPLETED)


async def test_delivery_under_way_is_not_called_back_when_cancelled(container: Container) -> None:
    people = [with_email(name) for name in names(3)]
    sent = await send(container, request(*people, channels=EMAIL))
    await lease_mail(container, 1)
    await container.cancel_notification()(BACKEND, sent.id)
    await run_due_jobs(container)
    assert (await notification(container, sent.id)).counts == Counts(sending=1, cancelled=2)


async def test_job_goes_on_when_there_is_more_than_one_page_to_cancel(container: Container) -> None:
    people = [with_email(name) for name in names(900)]
    sent = await send(container, request(*people, channels=EMAIL))
    await run_due_jobs(container)
    await container.cancel_notification()(BACKEND, sent.id)
    assert (await notification(container, sent.id)).counts == Counts(pending=500, cancelled=400)

    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (view.counts, view.status) == (Counts(cancelled=900), NotificationStatus.CANCELLED)


async def test_nothing_is_ever_written_when_a_scheduled_one_is_cancelled(
    container: Container, clock: FixedClock
) -> None:
    sent = await send(container, request("ann", send_at=clock.now() + timedelta(hours=1)))
    await container.cancel_notification()(BACKEND, sent.id)
    clock.advance(7_200)
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (await reached(container, sent.id), view.status) == ([], NotificationStatus.CANCELLED)
    assert await container.subscriber_reader().get(TENANT, "ann") is None


async def test_nothing_changes_when_cancelled_twice(container: Container, clock: FixedClock) -> None:
    sent = await send(container, request(with_email("ann"), channels=EMAIL))
    first = await container.cancel_notification()(BACKEND, sent.id)
    before, events = await notification(container, sent.id), len(container.memory_database().unsealed.all())
    assert await container.cancel_notification()(BACKEND, sent.id) == first
    assert await run_due_jobs(container) == []
    assert (await notification(container, sent.id), len(container.memory_database().unsealed.all())) == (before, events)


async def test_it_is_not_found_when_it_is_unknown(container: Container) -> None:
    with pytest.raises(NotificationNotFound):
        await container.cancel_notification()(BACKEND, UUID(int=1))


async def test_waiting_deliveries_and_inbox_go_when_a_subscriber_is_deleted(container: Container) -> None:
    both = (Channel.EMAIL, Channel.IN_APP)
    sent = await send(container, request(with_email("ann"), with_email("bob"), channels=both))
    gone = (await container.subscriber_reader().get(TENANT, "ann")).id
    await container.delete_subscriber()(BACKEND, "ann")
    await run_due_jobs(container)

    assert (await notification(container, sent.id)).counts == Counts(sent=2, pending=1, cancelled=1)
    assert container.memory_database().inbox.committed.where("recipient", gone) == []
    assert len(await inbox(container, "bob")) == 1


async def test_all_that_waits_is_cancelled_when_it_takes_several_pages(container: Container) -> None:
    sent = [(await send(container, request(with_email("ann"), channels=EMAIL))).id for _ in range(250)]
    await container.delete_subscriber()(BACKEND, "ann")
    await run_due_jobs(container)
    for notification_id in sent:
        assert (await notification(container, notification_id)).counts == Counts(cancelled=1)


async def test_waiting_deliveries_stay_when_the_subscriber_is_there_again(container: Container) -> None:
    both = (Channel.EMAIL, Channel.IN_APP)
    sent = await send(container, request(with_email("ann"), channels=both))
    await container.delete_subscriber()(BACKEND, "ann")
    await send(container, request("ann"))
    await run_due_jobs(container)
    assert (await notification(container, sent.id)).counts == Counts(sent=1, pending=1)
    assert (len(await inbox(container, "ann")), await counters(container, "ann")) == (1, (1, 1))


async def test_subscriber_leaves_its_topics_when_deleted(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob"])
    await container.delete_subscriber()(BACKEND, "ann")
    assert (await container.get_topic()(BACKEND, "news")).subscribers == 1
    with pytest.raises(SubscriberNotFound):
        await container.get_subscriber()(BACKEND, "ann")


async def test_it_is_not_found_when_a_subscriber_is_deleted_twice(container: Container) -> None:
    await send(container, request("ann"))
    await container.delete_subscriber()(BACKEND, "ann")
    with pytest.raises(SubscriberNotFound):
        await container.delete_subscriber()(BACKEND, "ann")
