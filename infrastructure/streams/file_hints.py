"""Stream hints between the processes of one machine, by a file that grows."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from application.jobs.background import Background
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.stream_hints import HintListener, StreamHint, StreamHints
from application.ports.task_supervisor import TaskSupervisor
from infrastructure.streams.memory_hints import HintBus

FILE = "hints"
POLL_SECONDS = 0.05
# While the file cannot be read, nobody can say that nothing moved.
BLIND_SECONDS = 2.0
# One byte for each publication; then somebody begins again from nothing.
MOST_BYTES = 1_048_576


class HintFile:
    """Appends a byte for each publication, and notices the bytes of others.

    The size less what was appended here is what others appended; a modification time would only tell who was last.
    """

    def __init__(
        self,
        folder: Path,
        bus: HintBus,
        *,
        metrics: Callable[[], Metrics],
        log: Callable[[], Log],
        supervisor: TaskSupervisor,
    ) -> None:
        self._path = folder / FILE
        self._bus = bus
        self._metrics = metrics
        self._log = log
        self._watch = Background("streams.file_hints", self._look_again_and_again, supervisor)
        self._inode = 0
        self._size = 0
        self._own = 0
        self._foreign = 0
        self._blind_since: float | None = None

    async def start(self) -> None:
        """Make the folder and the file, and watch it. Raises OSError when that is impossible."""
        self._make()
        self._others_have_written()
        self._watch.start()

    async def stop(self) -> None:
        """Look no more; `touch` still works."""
        await self._watch.stop()

    def touch(self) -> None:
        """Tell the others that something moved. Never raises; takes some microseconds."""
        try:
            self._append(b".")
        except OSError:
            self._metrics().increment("stream_hints_lost_total")

    def _make(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._append(b"")

    def _append(self, mark: bytes) -> None:
        # Opened anew each time: whoever tidies up may have removed the file.
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self._own += os.write(file, mark)
            if os.fstat(file).st_size > MOST_BYTES:
                os.ftruncate(file, 0)
        finally:
            os.close(file)

    def _others_have_written(self) -> bool:
        status = self._path.stat()
        if status.st_ino != self._inode or status.st_size < self._size:
            self._inode, self._size = status.st_ino, status.st_size
            self._own, self._foreign = 0, status.st_size
            return True
        foreign = status.st_size - self._own
        moved = foreign != self._foreign
        self._size, self._foreign = status.st_size, foreign
        return moved

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._look():
                await self._bus.tell(None)

    def _look(self) -> bool:
        """Whether the listener should look for itself."""
        try:
            moved = self._others_have_written()
        except OSError as error:
            return self._blind(error)
        if self._blind_since is not None:
            self._blind_since = None
            self._log().info("streams.hint_file_back", file=str(self._path))
            return True
        return moved

    def _blind(self, error: OSError) -> bool:
        now = asyncio.get_running_loop().time()
        try:
            self._make()
        except OSError:
            if self._blind_since is None:
                self._log().exception("streams.hint_file_gone", error, file=str(self._path))
        if self._blind_since is not None and now < self._blind_since + BLIND_SECONDS:
            return False
        self._blind_since = now
        return True


class FileHints(StreamHints):
    """Own hints are delivered at once and whole; the other processes learn within 50 ms that they should look."""

    def __init__(self, bus: HintBus, file: HintFile) -> None:
        self._bus = bus
        self._file = file

    async def publish(self, hints: Sequence[StreamHint]) -> None:
        if hints:
            self._file.touch()
            await self._bus.tell(hints)

    def listen(self, listener: HintListener) -> None:
        self._bus.listen(listener)
