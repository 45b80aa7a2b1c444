"""Wake-ups for whoever has no other process and needs no Taskiq."""

from collections.abc import Collection

from application.jobs.wake_bus import WakeBus
from application.ports.wake_ups import WakeUps


class LocalWakeUps(WakeUps):
    """Wakes the loops of this process and nobody else: for tests, and for commands that end at once."""

    def __init__(self, bus: WakeBus) -> None:
        self._bus = bus

    async def send(self, queues: Collection[str]) -> None:
        self._bus.wake(queues)
