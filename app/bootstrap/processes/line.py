"""What a parent and a child of its say to each other."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct, json

from domain.shared.errors import Unavailable

# 5,000 series of some hundred bytes each are far less; what is longer was not written by us.
LONGEST: Final = 64 * 1024 * 1024
HEAD: Final = 4


class Ready(Struct, frozen=True, tag="ready"):
    """The child serves from now on."""


class Asked(Struct, frozen=True, tag="asked"):
    """The numbers of the other side are wanted."""

    number: int


class Told(Struct, frozen=True, tag="told"):
    """The answer to the question of that number."""

    number: int
    text: str


Message = Ready | Asked | Told


class Line:
    """One end of a connection, over which either side asks for the numbers of the other.

    `tell` gives those of this side. Questions are answered while others wait for theirs: an answer may depend on one.
    """

    def __init__(self, tell: Callable[[], Awaitable[str]], heard_ready: Callable[[], None] = lambda: None) -> None:
        self._tell = tell
        self._heard_ready = heard_ready
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._asked = 0

    async def open(self, end: socket.socket) -> None:
        """Begin to talk over this end, which is closed when `run` ends."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=end)

    async def run(self) -> None:
        """Listen until the other side has hung up."""
        try:
            async with asyncio.TaskGroup() as group:
                while (message := await _received(self._reader)) is not None:
                    if isinstance(message, Asked):
                        group.create_task(self._answer(message.number))
                    else:
                        self._hear(message)
                self._hang_up()
        finally:
            self._hang_up()

    def ready(self) -> None:
        """Say so."""
        self._send(Ready())

    async def ask(self, seconds: float) -> str:
        """The numbers of the other side. Raises Unavailable when it has hung up or takes longer."""
        self._asked = number = self._asked + 1
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send(Asked(number))
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            self._waiting.pop(number, None)

    def _hear(self, message: Ready | Told) -> None:
        if isinstance(message, Ready):
            self._heard_ready()
        elif (waiting := self._waiting.get(message.number)) and not waiting.done():
            waiting.set_result(message.text)

    async def _answer(self, number: int) -> None:
        # Who cannot tell leaves the other side to its deadline; who has hung up asks no more.
        with suppress(Unavailable):
            self._send(Told(number, await self._tell()))

    def _send(self, message: Message) -> None:
        if self._writer.is_closing():
            raise Unavailable
        body = json.encode(message)
        self._writer.write(len(body).to_bytes(HEAD, "big") + body)

    def _hang_up(self) -> None:
        self._writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable())


async def _received(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None at the end of the connection."""
    try:
        length = int.from_bytes(await reader.readexactly(HEAD), "big")
        return json.decode(await reader.readexactly(length), type=Message) if length <= LONGEST else None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
