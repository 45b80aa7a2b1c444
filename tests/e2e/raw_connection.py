"""One connection, byte by byte: what no well-behaved client would let through."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from msgspec.json import decode

SECONDS = 20.0
PIECE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        problem: dict[str, Any] = decode(self.body) if self.body.startswith(b"{") else {}
        return problem.get("code")


class RawConnection:
    """To a port of this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._reader = self._socket.makefile("rb")

    def write(self, *parts: str | bytes) -> None:
        """Send texts and bytes as they are."""
        for part in parts:
            self._socket.sendall(part.encode() if isinstance(part, str) else part)

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """A whole request; header values go out as they are, line breaks included."""
        lines = {"Host": "localhost", **(headers or {}), **({"Content-Length": str(len(body))} if body else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n", body)

    def answer(self) -> RawAnswer:
        """The next answer, which says how long it is."""
        status = int(self._reader.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._reader.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return RawAnswer(
            status=status, headers=headers, body=self._reader.read(int(headers.get("content-length", "0")))
        )

    def half_close(self) -> None:
        """Send nothing more."""
        self._socket.shutdown(socket.SHUT_WR)

    def closed(self) -> bool:
        """Whether the other side has ended it; a reset does, too."""
        with suppress(ConnectionResetError):
            return self._reader.read(1) == b""
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reader.close()
        self._socket.close()
