"""What a wake-up does where it arrives: the one Taskiq task of the product."""

import asyncio
from contextlib import suppress

from taskiq import AsyncBroker

from application.jobs.wake_bus import WakeBus

TASK = "carillon.wake"
# The label by which a broker tells queues apart without opening the message.
QUEUE_LABEL = "queue"
DRAIN_SECONDS = 30.0


def register_tasks(broker: AsyncBroker, bus: WakeBus) -> None:
    """Make `broker` wake the loops of `bus`.

    On the broker itself and not by Taskiq's shared registry, which is one for all brokers of a process.
    """
    draining: set[str] = set()

    async def wake(queue: str) -> None:
        """Wake who looks at the queue here, and wait until what was due is done: so that Taskiq's middlewares, its
        acknowledgement and its shutdown cover the work.

        One waits for all: a thousand wake-ups of a queue must not fill the receiver with tasks that wait.
        """
        bus.wake([queue])
        if queue in draining:
            return
        draining.add(queue)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await bus.drained(queue)
        finally:
            draining.discard(queue)

    broker.register_task(wake, task_name=TASK)
