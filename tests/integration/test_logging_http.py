"""The trace and access-log middlewares around a small Litestar application."""

import asyncio
import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from itertools import count
from typing import cast

import pytest
from litestar import Controller, Litestar, get, post
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, FromQuery
from litestar.response import Response, ServerSentEvent
from litestar.testing import AsyncTestClient
from litestar.types import HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from app.http.middleware.access_log import AccessLogMiddleware
from app.http.middleware.trace import TraceMiddleware
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import LoggedEvent, MemoryLog
from infrastructure.system.ids import UuidV7Ids

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
INCOMING = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
TRACE = ContextvarsTraceContext(UuidV7Ids())


class Items(Controller):
    path = "/items"

    @get("/{item_id:str}")
    async def show(self, item_id: FromPath[str], q: FromQuery[str] = "") -> str:
        TRACE.bind(actor="api_key:k1", role="backend", tenant_id="default")
        return item_id

    @post("/{item_id:str}")
    async def change(self, item_id: FromPath[str]) -> None:
        raise NotAuthorizedException

    @get("/{item_id:str}/trace")
    async def trace(self, item_id: FromPath[str]) -> Response[dict[str, str | None]]:
        trace = TRACE.current()
        seen = {"traceparent": TRACE.traceparent(), "request": trace.request_id, "tracestate": trace.tracestate}
        return Response(seen, headers={"X-Request-ID": "from-the-handler"})

    @get("/{item_id:str}/crash")
    async def crash(self, item_id: FromPath[str]) -> None:
        raise RuntimeError("planted")

    @get("/{item_id:str}/stream")
    async def stream(self, item_id: FromPath[str]) -> ServerSentEvent:
        async def events() -> AsyncIterator[str]:
            yield "one"
            yield "two"

        return ServerSentEvent(events())


@get("/health/live")
async def live() -> str:
    return "ok"


@get("/metrics")
async def metrics() -> str:
    return "ok"


def traced(log: MemoryLog) -> Litestar:
    app = Litestar([Items, live, metrics], logging_config=None, openapi_config=None)
    requests = count(1)
    app.asgi_handler = TraceMiddleware(
        AccessLogMiddleware(app.asgi_handler, log), TRACE, lambda: f"new-{next(requests)}", [ip_network("10.0.0.0/8")]
    )
    return app


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def client(log: MemoryLog) -> AsyncIterator[AsyncTestClient[Litestar]]:
    async with AsyncTestClient(traced(log), raise_server_exceptions=False) as client:
        yield client


def the_line(log: MemoryLog) -> LoggedEvent:
    [line] = log.lines("http.request")
    return line


async def test_route_template_is_logged_and_no_id_or_query_when_a_route_matches(
    client: AsyncTestClient[Litestar], log: MemoryLog
) -> None:
    response = await client.get("/items/secret-id?q=secret-query", headers={"User-Agent": "curl/8" + "x" * 300})
    line = the_line(log)
    assert line.level == "info"
    assert line.fields["method"] == "GET"
    assert line.fields["route"] == "/items/{item_id}"
    assert line.fields["status"] == 200
    assert line.fields["bytes"] == len(response.content)
    assert cast(float, line.fields["duration_ms"]) > 0
    assert line.fields["user_agent"] == "curl/8" + "x" * 194
    assert "secret" not in str(line)


async def test_whoever_authenticated_inside_is_logged_when_bound_by_a_handler(
    client: AsyncTestClient[Litestar], log: MemoryLog
) -> None:
    await client.get("/items/i1")
    fields = the_line(log).fields
    assert (fields["actor"], fields["role"], fields["tenant_id"]) == ("api_key:k1", "backend", "default")


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/nowhere/secret-id", 404, "(unmatched)"),
        ("DELETE", "/items/secret-id", 405, "(unmatched)"),
        ("POST", "/items/secret-id", 401, "/items/{item_id}"),
        ("GET", "/items/secret-id/crash", 500, "/items/{item_id}/crash"),
        ("GET", "/items/secret-id/stream", 200, "/items/{item_id}/stream"),
    ],
)
async def test_one_line_is_logged_and_answers_are_traced_when_the_end_is_not_ordinary(
    client: AsyncTestClient[Litestar], log: MemoryLog, method: str, path: str, status: int, route: str
) -> None:
    response = await client.request(method, path)
    line = the_line(log)
    assert (line.fields["status"], line.fields["route"]) == (status, route)
    assert response.status_code == status
    assert response.headers["X-Request-ID"] == "new-1"
    assert response.headers["traceparent"].startswith("00-")
    assert "secret" not in str(line)


@pytest.mark.parametrize("path", ["/health/live", "/metrics?name=x"])
async def test_probes_are_logged_at_debug_when_asked(
    client: AsyncTestClient[Litestar], log: MemoryLog, path: str
) -> None:
    await client.get(path)
    assert the_line(log).level == "debug"


async def test_request_id_and_trace_are_continued_and_echoed_when_valid(client: AsyncTestClient[Litestar]) -> None:
    given = {"X-Request-ID": "req_1.2-3", "traceparent": INCOMING, "tracestate": "vendor=1"}
    response = await client.get("/items/i1/trace", headers=given)
    inside = response.json()
    assert inside["request"] == "req_1.2-3"
    assert inside["tracestate"] == "vendor=1"
    assert re.fullmatch(f"00-{TRACE_ID}-[0-9a-f]{{16}}-01", inside["traceparent"])
    assert inside["traceparent"] != INCOMING
    assert response.headers["traceparent"] == inside["traceparent"]
    assert response.headers.get_list("X-Request-ID") == ["req_1.2-3"]


@pytest.mark.parametrize(
    "given", [b"", b"two words", b"a" * 129, b"semi;colon", "ключ".encode(), b"line%0Abreak", b"<b>"]
)
async def test_request_id_is_replaced_when_it_is_not_acceptable(
    client: AsyncTestClient[Litestar], given: bytes
) -> None:
    response = await client.get("/items/i1/trace", headers=[(b"X-Request-ID", given)])
    assert response.headers.get_list("X-Request-ID") == ["new-1"]
    assert response.json()["request"] == "new-1"


@pytest.mark.parametrize("given", [[INCOMING, INCOMING], ["garbage"], [INCOMING.upper()], []])
async def test_trace_is_new_when_the_header_is_invalid_or_repeated(
    client: AsyncTestClient[Litestar], given: list[str]
) -> None:
    headers = [(b"traceparent", each.encode()) for each in given]
    inside = (await client.get("/items/i1/trace", headers=[*headers, (b"tracestate", b"vendor=1")])).json()
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", inside["traceparent"])
    assert TRACE_ID not in inside["traceparent"]
    assert inside["tracestate"] is None


# Below: what no test client can do to a server.


def http_scope(peer: str, headers: list[tuple[bytes, bytes]]) -> HTTPScope:
    return cast("HTTPScope", {"type": "http", "method": "GET", "path": "/", "client": (peer, 1), "headers": headers})


async def _receive() -> HTTPReceiveMessage:
    raise AssertionError("nobody reads here")


async def _send(_message: Message) -> None:
    return


async def test_client_address_is_taken_from_a_trusted_proxy_when_it_forwards(log: MemoryLog) -> None:
    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(cast("Message", {"type": "http.response.start", "status": 204, "headers": []}))

    app = TraceMiddleware(AccessLogMiddleware(answer, log), TRACE, lambda: "new", [ip_network("10.0.0.0/8")])
    await app(http_scope("10.0.0.1", [(b"x-forwarded-for", b"1.1.1.1, 203.0.113.9")]), _receive, _send)
    await app(http_scope("198.51.100.7", [(b"x-forwarded-for", b"1.1.1.1")]), _receive, _send)
    assert [line.fields["ip"] for line in log.lines()] == ["203.0.113.9", "198.51.100.7"]
    assert TRACE.current().fields == {}


async def test_status_is_499_when_the_client_leaves_before_the_answer(log: MemoryLog) -> None:
    started = asyncio.Event()

    async def hang(_scope: Scope, _receive: Receive, _send: Send) -> None:
        started.set()
        await asyncio.Event().wait()

    app = TraceMiddleware(AccessLogMiddleware(hang, log), TRACE, lambda: "new")
    request = asyncio.create_task(app(http_scope("198.51.100.7", []), _receive, _send))
    await started.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert the_line(log).fields["status"] == 499


async def test_status_is_500_and_the_error_goes_on_when_nothing_handled_it(log: MemoryLog) -> None:
    async def crash(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise LookupError("planted")

    app = TraceMiddleware(AccessLogMiddleware(crash, log), TRACE, lambda: "new")
    with pytest.raises(LookupError):
        await app(http_scope("198.51.100.7", []), _receive, _send)
    assert the_line(log).fields["status"] == 500


async def test_requests_do_not_see_each_other_when_they_are_served_at_once(log: MemoryLog) -> None:
    both_bound = asyncio.Barrier(2)

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        TRACE.bind(tenant_id=scope["path"])
        await both_bound.wait()
        await send(cast("Message", {"type": "http.response.start", "status": 200, "headers": []}))

    app = TraceMiddleware(AccessLogMiddleware(serve, log), TRACE, lambda: "new")
    scopes = [cast("HTTPScope", {**http_scope("10.0.0.1", []), "path": path}) for path in ("one", "two")]
    await asyncio.gather(*(app(scope, _receive, _send) for scope in scopes))
    assert sorted(str(line.fields["tenant_id"]) for line in log.lines()) == ["one", "two"]


async def test_passes_through_untouched_when_it_is_not_a_request(log: MemoryLog) -> None:
    seen: list[object] = []

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.extend((scope, send))

    wrapped = TraceMiddleware(AccessLogMiddleware(app, log), TRACE, lambda: "new")
    lifespan = cast("Scope", {"type": "lifespan"})
    await wrapped(lifespan, _receive, _send)
    assert seen == [lifespan, _send]
    assert log.lines() == ()
