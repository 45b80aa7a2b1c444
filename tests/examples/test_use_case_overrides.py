"""A use case replaced: whoever asks for it gets the stand-in, at every door and in the middle of things."""

import asyncio
from datetime import UTC, datetime

import pytest
from dependency_injector import providers
from httpx import HTTPStatusError

from application.inbox.jobs import ItemJob
from application.notifications.parcel import Parcel
from application.realtime.open_stream import OpenedStream
from application.shared.job_run import JobRun
from container import Container
from domain.identity.principal import Principal
from domain.notifications.channel import Channel
from domain.realtime.errors import TooManyStreams
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from tests.examples.serving import as_subscriber, next_named, serving, stream_of

ANN = {"subscriberId": "ann", "email": "ann@example.com"}
HELLO = {"to": ["ann"], "content": {"title": "Hello"}}


async def test_http_calls_the_stand_in_when_a_use_case_is_replaced(container: Container) -> None:
    async def forget(_caller: Principal, subscriber_id: str) -> None:
        forgotten.append(subscriber_id)

    forgotten: list[str] = []
    async with serving(container) as client:
        await client.post("/api/v1/notifications", json=HELLO)
        with container.delete_subscriber.override(providers.Object(forget)):
            pretended = await client.delete("/api/v1/subscribers/ann")
        still_there = await client.get("/api/v1/subscribers/ann")
    assert forgotten == ["ann"]
    assert (pretended.status_code, still_there.status_code) == (204, 200)


async def test_stream_is_opened_by_the_stand_in_when_a_use_case_is_replaced(container: Container) -> None:
    async def watched(caller: Principal, position: str | None = None) -> OpenedStream:
        opened.append(caller.id)
        return await real(caller, position)

    opened: list[str] = []
    real = container.open_stream()
    async with serving(container) as client:
        ann = await as_subscriber(client, "ann")
        with container.open_stream.override(providers.Object(watched)):
            async with stream_of(client, ann) as events:
                await client.post("/api/v1/notifications", json=HELLO)
                await next_named(events, "notification_received")
    assert opened == ["ann"]


async def test_browser_is_refused_a_stream_when_the_stand_in_says_so(container: Container) -> None:
    async def full(_caller: Principal, _position: str | None = None) -> OpenedStream:
        raise TooManyStreams

    async with serving(container) as client:
        ann = await as_subscriber(client, "ann")
        with container.open_stream.override(providers.Object(full)), pytest.raises(HTTPStatusError) as refusal:
            async with stream_of(client, ann):
                pytest.fail("the stream is open")
    assert refusal.value.response.status_code == 429


async def test_worker_runs_the_stand_in_when_the_use_case_of_a_job_is_replaced(container: Container) -> None:
    async def surface(run: JobRun[ItemJob]) -> None:
        surfaced.set_result(str(run.payload.item_id))

    surfaced: asyncio.Future[str] = asyncio.Future()
    clock = FixedClock(datetime(2030, 1, 1, 12, tzinfo=UTC))
    with container.clock.override(providers.Object(clock)):
        async with serving(container) as client:
            ann = await as_subscriber(client, "ann")
            await client.post("/api/v1/notifications", json=HELLO)
            [item] = (await client.get("/api/v1/inbox", headers=ann)).json()["data"]
            with container.surface_item.override(providers.Object(surface)):
                until = {"until": "2030-01-01T12:10:00Z"}
                await client.post(f"/api/v1/inbox/{item['id']}/snooze", json=until, headers=ann)
                clock.advance(600)
                assert await asyncio.wait_for(surfaced, 5) == item["id"]


async def test_worker_claims_nothing_when_claiming_is_replaced(container: Container) -> None:
    async def nothing(*_queues: object, **_options: object) -> list[Parcel]:
        return []

    fake = RecordingChannel(Channel.EMAIL)
    mail = {"to": [ANN], "channels": ["email"], "content": {"title": "Hello"}}
    with container.email_channel.override(providers.Object(fake)):
        async with serving(container) as client:
            with container.claim_deliveries.override(providers.Object(nothing)):
                await client.post("/api/v1/notifications", json=mail)
                with pytest.raises(TimeoutError):
                    await fake.wait_for(1, timeout=0.4)
            await fake.wait_for(1)
