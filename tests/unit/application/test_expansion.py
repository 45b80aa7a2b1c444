"""Who is reached when an audience is written out."""

from dataclasses import replace

import pytest

from application.notifications.jobs import NotificationJob
from application.ports.unit_of_work import UnitOfWork
from application.shared.job_run import JobRun
from container import Container
from domain.notifications.content import Recipient
from domain.notifications.notification_status import Counts, NotificationStatus
from tests.unit.application.asking import (
    EMAIL,
    TENANT,
    make_topic,
    names,
    notification,
    reached,
    request,
    send,
    subscriber,
    topic,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs


class Died(Exception):
    """The process is gone"""


async def test_everyone_is_reached_once_when_the_audience_is_all(container: Container) -> None:
    await send(container, request("ann", "bob", "cid"))
    sent = await send(container, request(everyone=True))
    assert sent.recipients is None
    assert await reached(container, sent.id) == []

    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert await reached(container, sent.id) == ["ann", "bob", "cid"]
    assert (view.recipients, view.counts, view.status) == (3, Counts(sent=3), NotificationStatus.COMPLETED)


async def test_actor_is_left_out_when_the_audience_is_all(container: Container) -> None:
    await send(container, request("ann", "bob"))
    sent = await send(container, request(everyone=True, actor="ann"))
    await run_due_jobs(container)
    assert await reached(container, sent.id) == ["bob"]


async def test_each_member_is_reached_once_when_a_topic_takes_several_pages(container: Container) -> None:
    members = names(450)
    await make_topic(container, "news", members)
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)

    view = await notification(container, sent.id)
    assert await reached(container, sent.id) == members
    assert (view.recipients, view.counts, view.status) == (450, Counts(sent=450), NotificationStatus.COMPLETED)


@pytest.mark.parametrize("rows", [60, 600])
async def test_page_is_as_large_as_its_rows_allow_when_a_run_dies_after_it(container: Container, rows: int) -> None:
    await make_topic(container, "news", names(450))
    sent = await send(container, request(topic("news")))
    with pytest.raises(Died):
        await run_until_it_dies(container, sent.id, transactions=1, rows=rows)
    assert len(await reached(container, sent.id)) == rows // 6


async def test_expansion_goes_on_where_it_was_when_a_run_died(container: Container) -> None:
    members = names(450)
    await make_topic(container, "news", members)
    sent = await send(container, request(topic("news")))
    with pytest.raises(Died):
        await run_until_it_dies(container, sent.id, transactions=2, rows=600)
    between = await notification(container, sent.id)
    assert (between.recipients, between.status) == (200, NotificationStatus.ACCEPTED)

    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert await reached(container, sent.id) == members
    assert (view.recipients, view.counts) == (450, Counts(sent=450))


async def run_until_it_dies(container: Container, notification_id: object, *, transactions: int, rows: int) -> None:
    """Run the job beside the queue; its process dies when it begins one transaction more than these."""
    left = transactions

    def dying() -> UnitOfWork:
        nonlocal left
        if not left:
            raise Died
        left -= 1
        return container.unit_of_work()  # type: ignore[no-any-return]

    expand = replace(container.expand_notification(), unit_of_work=dying, rows_per_transaction=rows)
    [entry] = container.memory_database().jobs.committed.all()
    payload = container.payload_codec().decode(entry.item.payload, NotificationJob)
    assert payload.notification_id == notification_id
    await expand(JobRun(job_id=entry.item.id, tenant_id=TENANT, payload=payload))


async def test_nothing_is_written_twice_when_a_finished_expansion_runs_again(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob"])
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)
    before = await notification(container, sent.id)
    run = JobRun(job_id=sent.id, tenant_id=TENANT, payload=NotificationJob(notification_id=sent.id))
    assert await container.expand_notification()(run) is None
    assert await notification(container, sent.id) == before


async def test_excluded_and_actor_are_left_out_when_a_topic_is_notified(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob", "cid", "dan"])
    sent = await send(container, request(topic("news", "bob", "nobody"), actor="cid"))
    await run_due_jobs(container)
    assert await reached(container, sent.id) == ["ann", "dan"]
    assert (await notification(container, sent.id)).recipients == 2


async def test_pages_that_are_excluded_whole_are_passed_over_when_members_follow(container: Container) -> None:
    members = names(200)
    await make_topic(container, "news", members)
    sent = await send(container, request(topic("news", *members[:180])))
    await run_due_jobs(container)
    assert await reached(container, sent.id) == members[180:]
    assert (await notification(container, sent.id)).recipients == 20


async def test_excluded_is_reached_when_another_entry_names_it(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob"])
    sent = await send(container, request(topic("news", "bob"), "bob"))
    await run_due_jobs(container)
    assert await reached(container, sent.id) == ["ann", "bob"]


async def test_actor_is_reached_when_it_is_named(container: Container) -> None:
    sent = await send(container, request("ann", actor="ann"))
    assert await reached(container, sent.id) == ["ann"]


async def test_subscriber_is_reached_once_when_named_twice(container: Container) -> None:
    sent = await send(container, request("ann", "bob", "ann"))
    assert sent.recipients == 2
    assert await reached(container, sent.id) == ["ann", "bob"]


async def test_subscriber_is_reached_once_when_two_topics_and_an_entry_name_it(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob"])
    await make_topic(container, "offers", ["bob", "cid"])
    sent = await send(container, request(topic("news"), topic("offers"), "ann", topic("news")))
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert await reached(container, sent.id) == ["ann", "bob", "cid"]
    assert (view.recipients, view.status) == (3, NotificationStatus.COMPLETED)


async def test_subscriber_is_reached_once_when_two_pages_of_names_name_it(container: Container) -> None:
    many = names(200)
    sent = await send(container, request(*many, many[0]))
    assert await reached(container, sent.id) == []
    await run_due_jobs(container)
    assert await reached(container, sent.id) == many
    assert (await notification(container, sent.id)).recipients == 200


async def test_contact_is_merged_into_the_stored_when_a_request_brings_some(container: Container) -> None:
    await send(container, request(Recipient(subscriber_id="ann", contact={"phone": "+491701234567"})))
    sent = await send(container, request(with_email("ann"), channels=EMAIL))
    stored = await subscriber(container, "ann")
    assert (stored.phone, stored.email) == ("+491701234567", "ann@example.com")
    assert (await notification(container, sent.id)).counts == Counts(pending=1)


async def test_contact_is_merged_when_a_job_writes_it_out(container: Container) -> None:
    many = [with_email(name) for name in names(400)]
    sent = await send(container, request(*many, channels=EMAIL))
    await run_due_jobs(container)
    assert (await subscriber(container, "u0399")).email == "u0399@example.com"
    assert (await notification(container, sent.id)).counts == Counts(pending=400)


@pytest.mark.parametrize("exists", [True, False])
async def test_notification_is_completed_without_recipients_when_a_topic_has_none(
    container: Container, exists: bool
) -> None:
    if exists:
        await make_topic(container, "news", [])
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (view.recipients, view.counts, view.status) == (0, Counts(), NotificationStatus.COMPLETED)
