"""A process that listens to the file driver: prints `ready`, then the queue of each wake-up."""

import asyncio
import sys
from pathlib import Path

from application.jobs.wake_bus import Sleeper, WakeBus
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.queue.file import file_broker
from infrastructure.queue.listener import WakeListener
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor


class Printer(Sleeper):
    """Says each wake-up."""

    def __init__(self, queue: str) -> None:
        self._queue = queue

    def wake(self) -> None:
        sys.stdout.write(f"{self._queue}\n")
        sys.stdout.flush()

    async def drained(self) -> None: ...


async def main(folder: Path) -> None:
    bus = WakeBus()
    for queue in ("notifications", "reports"):
        bus.listen(queue, Printer(queue))
    broker = file_broker(folder, "app", bus)
    listener = WakeListener(broker, supervisor=AsyncioTaskSupervisor(), log=MemoryLog)
    await listener.start()
    # Until the first look has been made, a touch belongs to what was there before; only its insides tell.
    while len(broker._files) < len(bus.queues):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
