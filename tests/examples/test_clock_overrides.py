"""Time in the hands of a test: with the stores in memory, one clock decides what is due everywhere."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from dependency_injector import providers

from application.ports.notification_channel import SendReport
from container import Container
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from tests.examples.polling import eventually
from tests.examples.serving import as_subscriber, next_named, serving, stream_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ANN = {"subscriberId": "ann", "email": "ann@example.com"}
HELLO = {"to": ["ann"], "content": {"title": "Hello"}}
MINUTE = 60


@pytest.fixture
def clock(container: Container) -> Iterator[FixedClock]:
    clock = FixedClock(NOON)
    with container.clock.override(providers.Object(clock)):
        yield clock


async def test_worker_sends_later_mail_when_the_clock_is_advanced(container: Container, clock: FixedClock) -> None:
    fake = RecordingChannel(Channel.EMAIL)
    later = {"to": [ANN], "channels": ["email"], "content": {"title": "Hello"}, "sendAt": "2030-01-01T13:00:00Z"}
    with container.email_channel.override(providers.Object(fake)):
        async with serving(container) as client:
            sent = await client.post("/api/v1/notifications", json=later)
            clock.advance(59 * MINUTE)
            with pytest.raises(TimeoutError):
                await fake.wait_for(1, timeout=0.4)
            clock.advance(1 * MINUTE)
            await fake.wait_for(1)
    assert sent.json()["data"]["status"] == "scheduled"


def tried(times: int) -> Callable[[Any], bool]:
    """Whether the one delivery has so many attempts."""
    return lambda deliveries: len(deliveries[0]["attempts"]) == times


async def test_worker_tries_again_when_the_clock_is_advanced_beyond_the_wait(
    container: Container, clock: FixedClock
) -> None:
    not_now = SendReport(outcome=AttemptOutcome.RETRYABLE)
    fake = RecordingChannel(Channel.EMAIL, reports=[not_now, not_now])
    mail = {"to": [ANN], "channels": ["email"], "content": {"title": "Hello"}}
    with container.email_channel.override(providers.Object(fake)):
        async with serving(container) as client:
            sent = await client.post("/api/v1/notifications", json=mail)
            path = f"/api/v1/notifications/{sent.json()['data']['id']}/deliveries"
            for tries, wait in ((1, 10), (2, 60)):
                # Only when the result is written down is it known when the next try is due.
                await eventually(lambda: client.get(path), tried(tries))
                clock.advance(wait)
            [delivery] = await eventually(lambda: client.get(path), lambda found: found[0]["status"] == "sent")
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["retryable", "retryable", "ok"]


async def test_stream_brings_a_snoozed_item_back_when_the_clock_is_advanced(
    container: Container, clock: FixedClock
) -> None:
    async with serving(container) as client:
        ann = await as_subscriber(client, "ann")
        await client.post("/api/v1/notifications", json=HELLO)
        [item] = (await client.get("/api/v1/inbox", headers=ann)).json()["data"]
        async with stream_of(client, ann) as events:
            snooze = {"until": "2030-01-01T12:10:00Z"}
            await client.post(f"/api/v1/inbox/{item['id']}/snooze", json=snooze, headers=ann)
            assert (await next_named(events, "notification_updated"))["snoozedUntil"] is not None
            clock.advance(10 * MINUTE)
            back = await next_named(events, "notification_received")
    assert (back["id"], back["snoozedUntil"]) == (item["id"], None)


async def test_http_answers_with_the_time_of_the_clock_when_it_is_fixed(
    container: Container, clock: FixedClock
) -> None:
    async with serving(container) as client:
        ann = await as_subscriber(client, "ann")
        await client.post("/api/v1/notifications", json=HELLO)
        [item] = (await client.get("/api/v1/inbox", headers=ann)).json()["data"]
        clock.advance(61 * MINUTE)
        late = await client.get("/api/v1/inbox", headers=ann)
    assert item["createdAt"].startswith("2030-01-01T12:00:00")
    assert (late.status_code, late.json()["code"]) == (401, "auth.invalid_credential")


async def test_snoozed_item_stays_away_when_the_clock_stands(container: Container, clock: FixedClock) -> None:
    async with serving(container) as client:
        ann = await as_subscriber(client, "ann")
        await client.post("/api/v1/notifications", json=HELLO)
        [item] = (await client.get("/api/v1/inbox", headers=ann)).json()["data"]
        until = {"until": "2030-01-01T12:10:00Z"}
        await client.post(f"/api/v1/inbox/{item['id']}/snooze", json=until, headers=ann)
        hidden = (await client.get("/api/v1/inbox", headers=ann)).json()["data"]
        clock.advance(10 * MINUTE)
        [back] = await eventually(lambda: client.get("/api/v1/inbox", headers=ann), bool)
    assert hidden == []
    assert back["id"] == item["id"]
