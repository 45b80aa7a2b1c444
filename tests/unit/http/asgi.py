"""Talking ASGI to an application directly, for what no HTTP client would send."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar
from litestar.types import Message
from msgspec.json import decode

LEAVE = b"(the client leaves)"


@dataclass(slots=True)
class Exchange:
    """What an application answered, and how much of the body it asked for."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    received: int = 0

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def json(self) -> dict[str, Any]:
        return cast("dict[str, Any]", decode(self.body))

    @property
    def complete(self) -> bool:
        return not self.messages[-1].get("more_body", False)


async def ask(
    app: Litestar,
    method: str = "GET",
    path: str = "/",
    *,
    raw_path: bytes | None = None,
    query: bytes = b"",
    headers: Iterable[tuple[str | bytes, str | bytes]] = (),
    pieces: Sequence[bytes] | AsyncIterator[bytes] = (b"",),
) -> Exchange:
    """Send one request in `pieces`; the client leaves after `LEAVE`, and waits for ever after the last one."""
    exchange = Exchange()
    source = _pieces(pieces)

    async def receive() -> dict[str, Any]:
        async for piece, more in source:
            exchange.received += len(piece)
            return {"type": "http.disconnect"} if piece is LEAVE else _piece(piece, more)
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def send(message: Message) -> None:
        exchange.messages.append(cast("dict[str, Any]", message))

    scope = {
        "type": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode() if raw_path is None else raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(_bytes(name).lower(), _bytes(value)) for name, value in headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_000),
        "state": {},
        "extensions": {},
    }
    await app(cast("Any", scope), cast("Any", receive), send)
    return exchange


async def _pieces(pieces: Sequence[bytes] | AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    if isinstance(pieces, AsyncIterator):
        async for piece in pieces:
            yield piece, True
        return
    for index, piece in enumerate(pieces):
        yield piece, index < len(pieces) - 1


def _piece(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
