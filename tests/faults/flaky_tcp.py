"""A line between two programs that can be made bad, and good again, while it is in use.

    async with FlakyTcp("127.0.0.1", port) as line:
        ...                             # connect to line.port
        await line.become(Latency(0.2, jitter=0.1))
        await line.become(Refuse())
        await line.become(Pass())

A change reaches open connections too. `Refuse` and `Reset` end them; a connection that was cut stays cut.
"""

import asyncio
import random
import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

CHUNK = 16_384
LINGER_0 = struct.pack("ii", 1, 0)
# Smaller pieces, so that a slow line is slow all the time and not in bursts.
SLICES_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Pass:
    """As if it were not there."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nobody listens; what was open is closed."""


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Connections are accepted and nothing is ever heard; what is sent meanwhile arrives afterwards."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Every piece is late by `seconds`, give or take `jitter`."""

    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many bytes per second, in each direction of each connection."""

    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class CutAfter:
    """Each connection ends after so many bytes towards the client, in the middle of what they were part of."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Connections are reset, new ones as soon as they are made."""


@dataclass(frozen=True, slots=True)
class HalfClose:
    """The client is told that nothing more comes, while what it sends still arrives."""


Mode = Pass | Refuse | Blackhole | Latency | Throttle | CutAfter | Reset | HalfClose


class FlakyTcp:
    """Forwards what connects to `port` to `host` and `target_port`."""

    def __init__(self, host: str, target_port: int, mode: Mode | None = None) -> None:
        self.port = 0
        self.connections = 0
        self._host = host
        self._target_port = target_port
        self._mode: Mode = mode or Pass()
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def mode(self) -> Mode:
        """What the line is like now."""
        return self._mode

    async def become(self, mode: Mode) -> None:
        """Be like that from now on."""
        self._mode = mode
        self._changed.set()
        self._changed = asyncio.Event()
        if isinstance(mode, Refuse):
            self._close_door()
        elif self._server is None:
            await self._open_door()
        for line in list(self._lines):
            line.meet(mode)

    async def changed(self) -> None:
        """Wait for the next `become`."""
        await self._changed.wait()

    async def __aenter__(self) -> Self:
        await self._open_door()
        await self.become(self._mode)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close_door()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _open_door(self) -> None:
        # The same port again, so that whoever was refused finds it.
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _close_door(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio serves each connection in a task"
        self._tasks.add(task)
        self.connections += 1
        try:
            if isinstance(self._mode, Reset):
                _reset(writer)
            else:
                await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._target_port)
        line = _Line(self, writer, far_writer)
        self._lines.add(line)
        line.meet(self._mode)
        try:
            await asyncio.gather(
                line.pump(reader, far_writer, towards_client=False), line.pump(far_reader, writer, towards_client=True)
            )
        finally:
            self._lines.discard(line)
            line.cut()


class _Line:
    """One forwarded connection."""

    def __init__(self, flaky: FlakyTcp, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._flaky = flaky
        self._near = near
        self._far = far
        self._towards_client = 0
        self._half_closed = False

    def meet(self, mode: Mode) -> None:
        """What a new mode does to an open connection at once."""
        match mode:
            case Refuse():
                self.cut()
            case Reset():
                _reset(self._near)
                self.cut()
            case HalfClose() if not self._half_closed and self._near.can_write_eof():
                self._half_closed = True
                self._near.write_eof()
            case _:
                pass

    def cut(self) -> None:
        """End it in both directions."""
        self._near.close()
        self._far.close()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, towards_client: bool) -> None:
        """Carry one direction until it ends."""
        while data := await reader.read(CHUNK):
            await self._hold_back()
            if towards_client:
                data, ends = self._kept(data)
            else:
                ends = False
            await self._write(writer, data)
            if ends:
                self.cut()
                return
        if not writer.is_closing() and writer.can_write_eof() and not (towards_client and self._half_closed):
            writer.write_eof()

    async def _hold_back(self) -> None:
        while isinstance(self._flaky.mode, Blackhole):
            await self._flaky.changed()
        mode = self._flaky.mode
        if isinstance(mode, Latency):
            await asyncio.sleep(max(0.0, mode.seconds + random.uniform(-mode.jitter, mode.jitter)))  # noqa: S311 - a line, not a key

    def _kept(self, data: bytes) -> tuple[bytes, bool]:
        """What still goes to the client, and whether that was the last."""
        mode = self._flaky.mode
        if self._half_closed:
            return b"", False
        if isinstance(mode, CutAfter):
            data = data[: max(0, mode.bytes - self._towards_client)]
        self._towards_client += len(data)
        return data, isinstance(mode, CutAfter) and self._towards_client >= mode.bytes

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        while data:
            mode = self._flaky.mode
            size = len(data)
            if isinstance(mode, Throttle):
                size = max(1, mode.bytes_per_second // SLICES_PER_SECOND)
                await asyncio.sleep(min(size, len(data)) / mode.bytes_per_second)
            writer.write(data[:size])
            await writer.drain()
            data = data[size:]


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    writer.transport.abort()
