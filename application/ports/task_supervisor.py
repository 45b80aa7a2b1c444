"""The one way to start background work."""

# One adapter: only asyncio runs tasks here.

from collections.abc import Coroutine
from typing import Any, Protocol


class TaskSupervisor(Protocol):
    """Owns every background task: keeps the reference, logs and counts failures, and drains at shutdown."""

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start `work` on the running loop. A crash is logged and counted under `name`, never raised here.

        After `drain` has begun the coroutine is closed without being run.
        """
        ...

    async def drain(self, timeout: float) -> None:
        """Wait `timeout` seconds for running tasks, then cancel what is left and wait for that. Idempotent."""
        ...
