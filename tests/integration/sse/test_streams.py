"""Streams over a real server and real sockets."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import quote

import pytest

from infrastructure.config.sse import SseSettings
from tests.integration.sse.raw_client import STREAM, Browser, browsing
from tests.integration.sse.streaming import StreamingApp, served
from tests.unit.streams.world import until


@pytest.fixture
async def app() -> StreamingApp:
    app = StreamingApp()
    await app.add("ann", "bob")
    return app


@pytest.fixture
async def browser(app: StreamingApp) -> AsyncIterator[Browser]:
    async with served(app.app) as server, browsing(server.port) as browser:
        yield browser


@pytest.mark.parametrize("target", [STREAM, "/api/v1/sse/notifications"])
async def test_an_uncompressed_event_stream_comes_when_a_subscriber_asks(
    app: StreamingApp, browser: Browser, target: str
) -> None:
    client = await browser.follow(target, Accept="text/event-stream", Accept_Encoding="gzip, br")
    await app.publish(title="Hello")
    await client.read(lambda: client.places)

    assert client.headers["content-type"] == "text/event-stream"
    assert client.headers["cache-control"] == "no-store"
    assert client.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in client.headers
    assert "content-length" not in client.headers
    assert 1000 <= (client.parser.retry or 0) <= 5000
    assert [(event.name, event.data) for event in client.events][:2] == [
        ("unread_count_changed", '{"unread":0,"unseen":0}'),
        ("notification_received", '{"title":"Hello"}'),
    ]
    assert client.places == [app.place("ann", 1)]


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"token": None}, 401, "auth.missing_credential"),
        ({"token": "forged"}, 401, "auth.invalid_credential"),
        ({"token": None, "Authorization": "ApiKey key"}, 403, "auth.subscriber_required"),
        ({"token": "nobody"}, 404, "subscribers.not_found"),
        ({"token": "ann", "Accept": "application/json"}, 406, "request.not_acceptable"),
    ],
)
async def test_a_problem_is_answered_when_no_stream_can_be_opened(
    browser: Browser, request_: dict[str, str], status: int, code: str
) -> None:
    client = await browser.ask(**request_)

    assert client.status == status
    assert client.headers["content-type"] == "application/problem+json"
    assert (await client.json())["code"] == code


async def test_the_eleventh_stream_is_refused_when_ten_are_open(app: StreamingApp, browser: Browser) -> None:
    clients = [await browser.follow() for _ in range(10)]
    refused = await browser.ask()
    other = await browser.follow(token="bob")

    assert refused.status == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert (await refused.json())["code"] == "realtime.too_many_streams"
    assert app.hub.connections == len([*clients, other])


async def test_the_header_wins_when_the_query_names_another_place(app: StreamingApp, browser: Browser) -> None:
    for _ in range(5):
        await app.publish()
    asked = app.place("ann", 0)
    header = await browser.follow(f"{STREAM}?lastEventId={asked}", Last_Event_ID=app.place("ann", 3))
    query = await browser.follow(f"{STREAM}?lastEventId={asked}")

    assert header.places == [app.place("ann", 4), app.place("ann", 5)]
    assert len(query.places) == 5


@pytest.mark.parametrize(
    "position",
    [
        "x", "-", "-1", "1-", "1--1", "0", "1e9-1", "1-1\t2", "0x1-0x1", "1.5-2", "null", "[object Object]",
        "9" * 3_000, "9" * 15 + "-" + "9" * 18, "9" * 16 + "-1", "1-" + "9" * 19, "ä-1", "²-³", "\u0661-1", "1-1,1-2",
        "../../1-1", "'; drop table streams; ---1", "1-1%0a%0aevent: reset",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["header", "query"])
async def test_b21_only_a_reset_is_answered_when_the_place_is_none_of_ours(
    app: StreamingApp, browser: Browser, position: str, where: str
) -> None:
    await app.publish("bob", secret="of bob")
    await app.publish("ann", text="of ann")
    target = f"{STREAM}?lastEventId={quote(position, safe='%')}" if where == "query" else STREAM
    headers = {"Last_Event_ID": position.encode().decode("latin-1")} if where == "header" else {}

    client = await browser.follow(target, **headers)

    assert client.names == ["reset", "unread_count_changed"]
    assert client.events[0].data == '{"reason":"gap"}'
    assert client.parser.last_id == app.place("ann", 1)


async def test_b21_another_streams_place_replays_nothing_of_it(app: StreamingApp, browser: Browser) -> None:
    for number in range(5):
        await app.publish("bob", secret=number)
    await app.publish("ann")

    client = await browser.follow(Last_Event_ID=app.place("bob", 4))
    await app.publish("bob", secret=5)
    await app.publish("ann")
    await client.read(lambda: client.places)

    assert client.names[0] == "reset"
    assert client.places == [app.place("ann", 2)]
    assert "secret" not in "".join(event.data for event in client.events)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lastEventId=", 200),
        ("lastEventId=1-1&lastEventId=1-2", 400),
        ("lastEventId=%00", 422),
        ("lastEventId=%ff", 400),
    ],
)
async def test_b21_no_server_error_is_answered_when_the_query_is_odd(browser: Browser, query: str, status: int) -> None:
    assert (await browser.ask(f"{STREAM}?{query}")).status == status


async def test_b21_a_large_item_with_line_breaks_arrives_as_one_event(app: StreamingApp, browser: Browser) -> None:
    client = await browser.follow()
    body = "\r\n\r\nevent: reset\r\nid: 1-1\r\ndata: x\r\n\r\n\x00\u2028" * 20_000

    await app.publish(body=body)
    await client.read(lambda: client.places)

    assert len(client.events[1].data) > 1_000_000
    assert client.names == ["unread_count_changed", "notification_received", "unread_count_changed"]


async def test_a_ticket_opens_one_stream_when_there_is_no_header(app: StreamingApp, browser: Browser) -> None:
    asked = await browser.ask("/api/v1/sse/tickets", method="POST")
    assert asked.status == 201
    data = (await asked.json())["data"]

    client = await browser.follow(f"{STREAM}?ticket={data['ticket']}", token=None)
    await app.publish()
    await client.read(lambda: client.places)
    again = await browser.ask(f"{STREAM}?ticket={data['ticket']}", token=None)

    assert sorted(data) == ["expiresAt", "ticket"]
    assert client.places == [app.place("ann", 1)]
    assert again.status == 401
    assert (await again.json())["code"] == "auth.ticket_spent"


async def test_no_ticket_is_issued_when_the_caller_is_no_subscriber(browser: Browser) -> None:
    asked = await browser.ask("/api/v1/sse/tickets", method="POST", token=None, Authorization="ApiKey key")

    assert asked.status == 403


async def test_a_ticket_is_spent_when_30_seconds_are_over(app: StreamingApp, browser: Browser) -> None:
    asked = await browser.ask("/api/v1/sse/tickets", method="POST")
    ticket = (await asked.json())["data"]["ticket"]
    app.clock.advance(31)

    late = await browser.ask(f"{STREAM}?ticket={ticket}", token=None)

    assert late.status == 401


async def test_one_task_runs_for_a_connection_when_it_is_open(app: StreamingApp, browser: Browser) -> None:
    warm = await browser.follow()
    warm.close()
    await until(lambda: app.hub.connections == 0)
    before = len(asyncio.all_tasks())
    clients = [await browser.follow(token=name) for name in ("ann", "bob") for _ in range(10)]
    for _ in range(5):
        await app.publish("ann")
        await app.publish("bob")

    assert app.hub.connections == len(clients)
    assert len(asyncio.all_tasks()) == before + len(clients)


async def test_every_middleware_has_its_say_when_a_stream_begins_and_ends(app: StreamingApp, browser: Browser) -> None:
    client = await browser.follow(Origin="https://example.com")
    assert not app.log.lines("http.request")
    await asyncio.sleep(0.1)
    await client.leave()
    await until(lambda: app.log.lines("http.request"))

    [line] = app.log.lines("http.request")
    assert (line.fields["status"], line.fields["route"]) == (200, STREAM)
    assert cast("float", line.fields["duration_ms"]) >= 100
    assert cast("int", line.fields["bytes"]) > 0
    assert line.fields["actor"] == "subscriber:ann"
    assert line.trace_id == client.headers["traceparent"].split("-")[1]
    labels = {"method": "GET", "route": STREAM, "status": "200"}
    assert len(app.metrics.samples("http_request_duration_seconds", **labels)) == 1
    assert {"x-request-id", "vary", "x-content-type-options"} <= client.headers.keys()


async def test_the_head_alone_is_answered_when_only_that_is_asked_for(app: StreamingApp, browser: Browser) -> None:
    client = await browser.ask(method="HEAD")

    assert client.status in {200, 405}
    assert app.hub.connections == 0


async def test_the_stream_ends_when_its_subscriber_is_deleted() -> None:
    app = StreamingApp(SseSettings(recheck_interval=0.05))
    await app.add("ann")
    async with served(app.app) as server, browsing(server.port) as browser:
        client = await browser.follow()
        await app.delete("ann")
        async with asyncio.timeout(5):
            await client.read()

        assert client.ended


async def test_the_response_ends_in_order_when_the_stream_is_old() -> None:
    app = StreamingApp(SseSettings(max_age=0.2))
    await app.add("ann")
    async with served(app.app) as server, browsing(server.port) as browser:
        client = await browser.follow()
        async with asyncio.timeout(5):
            await client.read()

        assert client.ended
        assert "shutdown" not in client.names
        assert not app.log.lines("http.failed")


async def test_f07_every_client_has_everything_when_hints_were_lost(app: StreamingApp, browser: Browser) -> None:
    clients = [await browser.follow(token=name) for name in ("ann", "bob") for _ in range(5)]
    for client in clients:
        client.read_in_background()
    app.deaf = True
    for _ in range(300):
        await app.publish("ann")
        await app.publish("bob")
    app.deaf = False

    await app.hub.hear(None)

    await until(lambda: all(len(client.places) == 300 for client in clients), 3)
    for client in clients:
        assert [int(place.partition("-")[2]) for place in client.places] == list(range(1, 301))


async def test_f08_no_client_sees_a_gap_when_all_drop_and_return_while_others_publish() -> None:
    app = StreamingApp(SseSettings(max_per_subscriber=100))
    await app.add("ann", "bob")
    seen: list[list[str]] = []
    async with served(app.app) as server, browsing(server.port) as browser:
        start = {name: app.place(name, 0) for name in ("ann", "bob")}
        done = asyncio.Event()
        chance = random.Random(8)  # noqa: S311 - repeatable
        drops = [
            asyncio.create_task(_drop_and_return(browser, name, start[name], done, chance.random(), seen))
            for name in ("ann", "bob")
            for _ in range(25)
        ]
        for number in range(400):
            await app.publish("ann", n=number)
            await app.publish("bob", n=number)
            await asyncio.sleep(0.003)
        done.set()
        resets = sum(await asyncio.gather(*drops))

        await until(lambda: app.hub.connections == 0)
    assert resets == 0
    assert len(seen) == 50
    for places in seen:
        assert [int(place.partition("-")[2]) for place in places] == list(range(1, 401))


async def _drop_and_return(
    browser: Browser, name: str, start: str, done: asyncio.Event, seed: float, seen: list[list[str]]
) -> int:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    places: list[str] = []
    resets = 0
    while len(places) < 400:
        client = await browser.ask(token=name, Last_Event_ID=places[-1] if places else start)
        reading = client.read_in_background()
        final = done.is_set()
        if final:
            await until(lambda: len(places) + len(client.places) >= 400, 10)  # noqa: B023 - called here
        else:
            await asyncio.sleep(chance.uniform(0, 0.1))
        client.reset() if chance.random() < 0.5 else client.close()
        await reading
        places += client.places
        resets += client.names.count("reset")
    seen.append(places)
    return resets


async def test_f08_one_reset_and_nothing_doubled_when_the_place_was_evicted(
    app: StreamingApp, browser: Browser
) -> None:
    for _ in range(50):
        await app.publish()
    await app.evict("ann", keep=10)

    client = await browser.follow(Last_Event_ID=app.place("ann", 20))
    await app.publish()
    await client.read(lambda: client.places)

    assert client.names.count("reset") == 1
    assert client.places == [app.place("ann", 51)]


async def test_f09_others_flow_and_the_slow_are_dropped_when_some_clients_stop_reading() -> None:
    app = StreamingApp(SseSettings(max_per_subscriber=100, send_timeout=0.5))
    await app.add("ann")
    async with served(app.app) as server, browsing(server.port) as browser:
        base = len(asyncio.all_tasks())
        quick = [await browser.follow() for _ in range(20)]
        stalled = [await browser.follow(small=True) for _ in range(5)]
        for client in quick:
            client.read_in_background()
        for _ in range(300):
            await app.publish(text="x" * 20_000)
            await asyncio.sleep(0.001)

        await until(lambda: all(len(client.places) == 300 for client in quick), 10)
        await until(lambda: app.hub.connections == len(quick), 10)
        assert app.metrics.count("stream_connections_ended_total", reason="slow") == len(stalled)
        for client in quick:
            await client.leave()
        await until(lambda: app.hub.connections == 0)
        await until(lambda: len(server.connections) == 0)
        await until(lambda: len(asyncio.all_tasks()) <= base)


async def test_f10_nothing_is_left_when_200_clients_reset_at_once(app: StreamingApp, browser: Browser) -> None:
    warm = await browser.follow()
    warm.close()
    await until(lambda: app.hub.connections == 0)
    before = len(asyncio.all_tasks())

    for number in range(200):
        client = await browser.send()
        if number % 3:
            await asyncio.sleep(0)
        client.reset()

    await until(lambda: app.hub.connections == 0 and len(asyncio.all_tasks()) <= before)
    again = await browser.follow()
    assert app.metrics.level("stream_connections") == 1
    assert again.status == 200
    assert not app.log.lines("http.failed")
