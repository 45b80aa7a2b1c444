"""Requests that name topics which nobody has made."""

from collections.abc import Iterator

import pytest
from dependency_injector import providers

from container import Container
from domain.notifications.notification_status import NotificationStatus
from infrastructure.observability.memory_log import MemoryLog
from tests.unit.application.asking import make_topic, names, notification, reached, request, send, topic
from tests.unit.application.due_jobs import run_due_jobs

EVENT = "notification.unknown_topic"


@pytest.fixture
def log(container: Container) -> Iterator[MemoryLog]:
    log = MemoryLog()
    with container.log.override(providers.Object(log)):
        yield log


def told(log: MemoryLog) -> list[tuple[str, object, object]]:
    return [(line.level, line.fields["notification_id"], line.fields["topic"]) for line in log.lines(EVENT)]


async def test_unknown_topics_are_named_and_logged_once_when_written_out(container: Container, log: MemoryLog) -> None:
    await make_topic(container, "news", ["ann"])
    sent = await send(container, request(topic("nwes"), topic("news"), topic("sport"), topic("nwes"), "bob"))
    assert told(log) == []

    await run_due_jobs(container)

    view = await notification(container, sent.id)
    assert (view.unknown_topics, view.recipients, view.status) == (("nwes", "sport"), 2, NotificationStatus.COMPLETED)
    assert await reached(container, sent.id) == ["ann", "bob"]
    assert told(log) == [("warning", str(sent.id), "nwes"), ("warning", str(sent.id), "sport")]


async def test_nothing_is_said_when_a_topic_is_made_before_its_turn(container: Container, log: MemoryLog) -> None:
    sent = await send(container, request(topic("news")))
    await make_topic(container, "news", ["ann"])
    await run_due_jobs(container)

    assert (await notification(container, sent.id)).unknown_topics == ()
    assert (await reached(container, sent.id), told(log)) == (["ann"], [])


async def test_nothing_is_said_when_a_topic_is_empty(container: Container, log: MemoryLog) -> None:
    await make_topic(container, "news", [])
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)

    assert ((await notification(container, sent.id)).unknown_topics, told(log)) == ((), [])


async def test_topics_stay_named_when_more_pages_follow(container: Container, log: MemoryLog) -> None:
    members = names(200)
    await make_topic(container, "news", members)
    sent = await send(container, request(topic("nwes"), topic("news")))
    await run_due_jobs(container)

    view = await notification(container, sent.id)
    assert (view.unknown_topics, view.recipients, len(told(log))) == (("nwes",), len(members), 1)
