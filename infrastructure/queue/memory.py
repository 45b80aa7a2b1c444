"""Wake-ups within one process."""

from taskiq import AsyncBroker, InMemoryBroker

from application.jobs.wake_bus import WakeBus
from infrastructure.queue.wake_task import register_tasks


def memory_broker(bus: WakeBus) -> AsyncBroker:
    """Taskiq's own broker for one process: what is sent runs at once, and nobody else hears of it."""
    # Results are of no interest, and tasks that are not async there are none.
    broker = InMemoryBroker(sync_tasks_pool_size=1, max_stored_results=1, max_async_tasks=100)
    register_tasks(broker, bus)
    return broker
