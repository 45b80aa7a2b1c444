"""Wake-ups between the processes of one machine, by files that grow."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from pathlib import Path

from taskiq import AsyncBroker, BrokerMessage
from taskiq.message import TaskiqMessage

from application.jobs.wake_bus import WakeBus
from infrastructure.queue.wake_task import QUEUE_LABEL, TASK, register_tasks

POLL_SECONDS = 0.05
# One byte for each touch; then somebody begins again from nothing.
MOST_BYTES = 65_536
QUEUE = re.compile(r"^[a-z][a-z0-9_.-]{0,63}$")


class WakeFile:
    """One queue's file: grows by a byte with each touch, and tells touches of others from one's own.

    A modification time would not do: two touches within one tick of the file system's clock look like one, and the
    second would be lost when somebody looked between them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = self._read_size()
        self._own = 0

    def touch(self) -> None:
        """Tell the others. Raises OSError when that is impossible."""
        try:
            self._append()
        except FileNotFoundError:
            # Whoever tidies up may have removed the folder.
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._append()

    def touched(self) -> bool:
        """Whether others have touched it since the last look."""
        size, own = self._read_size(), self._own
        moved = size < self._size or size - self._size > own
        self._size, self._own = size, 0
        return moved

    def _append(self) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self._own += os.write(file, b".")
            if os.fstat(file).st_size > MOST_BYTES:
                os.ftruncate(file, 0)
        finally:
            os.close(file)

    def _read_size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0


class FileBroker(AsyncBroker):
    """Carries nothing but "look": a touch is the message, and whoever sees it makes the wake-up task himself.

    `<folder>/<prefix>.<queue>` is looked at each 50 ms, for the queues that somebody in this process listens to. What
    is lost (a file removed, a folder that cannot be written) costs a sweep.
    """

    def __init__(self, folder: Path, prefix: str, bus: WakeBus) -> None:
        super().__init__()
        self._folder = folder
        self._prefix = prefix
        self._bus = bus
        self._files: dict[str, WakeFile] = {}

    async def kick(self, message: BrokerMessage) -> None:
        self._file(str(message.labels[QUEUE_LABEL])).touch()

    async def listen(self) -> AsyncGenerator[bytes, None]:
        while True:
            for queue in self._bus.queues:
                # Made here, so that its size is known before the first look.
                if self._file(queue).touched():
                    yield self._message(queue)
            await asyncio.sleep(POLL_SECONDS)

    def _file(self, queue: str) -> WakeFile:
        if queue not in self._files:
            if not QUEUE.match(queue):
                raise ValueError(f"{queue!r} is no name for a queue's file")
            self._files[queue] = WakeFile(self._folder / f"{self._prefix}.{queue}")
        return self._files[queue]

    def _message(self, queue: str) -> bytes:
        task = TaskiqMessage(
            task_id=self.id_generator(), task_name=TASK, labels={QUEUE_LABEL: queue}, args=[queue], kwargs={}
        )
        return self.formatter.dumps(task).message


def file_broker(folder: Path, prefix: str, bus: WakeBus) -> FileBroker:
    """A broker that wakes the loops of `bus` and those of the machine's other processes."""
    broker = FileBroker(folder, prefix, bus)
    register_tasks(broker, bus)
    return broker
