"""The middleware that runs streams, alone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from litestar.types import Receive, Scope, Send

from app.http.middleware.streams import StreamsMiddleware, handover_of


class Exchange:
    """One request through the middleware, over a route that answers with a stream if it `hands_over`."""

    def __init__(self, *, hands_over: bool) -> None:
        self.events: list[str] = []
        self.ended = asyncio.Event()
        self.state: dict[str, Any] = {"of the framework": object()}  # Any: whatever middlewares keep there
        self._hands_over = hands_over

    async def run(self) -> None:
        scope = cast("Any", {"type": "http", "state": self.state})  # Any: the rest of a scope plays no part
        await StreamsMiddleware(self._route)(scope, cast("Receive", None), self._send)

    async def _route(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        with self._noting("route"):
            if self._hands_over:
                handover_of(scope).run = self._stream

    async def _stream(self, send: Send) -> None:
        with self._noting("stream"):
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            await self.ended.wait()

    async def _send(self, _message: object) -> None:
        self.events.append("sent outside")

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        self.events.append(f"{name} begins")
        try:
            yield
        finally:
            self.events.append(f"{name} is over")


async def test_stream_runs_to_its_end_when_the_route_has_returned() -> None:
    exchange = Exchange(hands_over=True)
    running = asyncio.create_task(exchange.run())
    await asyncio.sleep(0.01)

    assert exchange.events == ["route begins", "route is over", "stream begins", "sent outside"]
    assert not exchange.state
    exchange.ended.set()
    await running
    assert exchange.events[-1] == "stream is over"


async def test_stream_hears_of_it_when_the_request_is_cancelled() -> None:
    exchange = Exchange(hands_over=True)
    running = asyncio.create_task(exchange.run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert exchange.events[-1] == "stream is over"


async def test_nothing_else_happens_when_an_answer_is_no_stream() -> None:
    exchange = Exchange(hands_over=False)
    await exchange.run()

    assert exchange.events == ["route begins", "route is over"]
    assert "of the framework" in exchange.state
