"""One keep-alive connection on a bare socket: a client that parses is slower than what it measures."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, cast

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class LoadFailed(Exception):
    """Something was not answered as it should be: figures would mean nothing."""


class HttpConnection(asyncio.Protocol):
    """Asks one thing after the other; what follows an answer is up to `answered`, and to `failed` what cannot be."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked: uvloop's is none by its class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(END_OF_HEAD)
        if head_end < 0:
            return
        length = CONTENT_LENGTH.search(self._received, 0, head_end + 2)
        if length is None:
            self.failed(f"an answer without Content-Length: {self._received[:200]!r}")
        elif len(self._received) >= head_end + len(END_OF_HEAD) + int(length[1]):
            self.answered(int(self._received[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed(f"the connection was lost: {exc}")

    def ask(self, request: bytes) -> None:
        """Write a request; the one before is answered."""
        self._received = b""
        self._transport.write(request)

    def close(self) -> None:
        self._transport.close()

    def answered(self, status: int) -> None:
        """A whole answer has come."""
        raise NotImplementedError

    def failed(self, problem: str) -> None:
        """There will be no more answers."""
        raise NotImplementedError


def get(target: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A request, ready to be written."""
    return _head("GET", target, headers or {})


def post(target: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:  # Any: JSON
    """The same with a body."""
    content = json.dumps(body, separators=(",", ":")).encode()
    own = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return _head("POST", target, {**own, **(headers or {})}) + content


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
