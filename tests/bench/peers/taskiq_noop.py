"""A bare Taskiq worker on Redis streams, in one process, whose task does nothing.

`python -m tests.bench.peers.taskiq_noop`; tasks are acknowledged as Taskiq does it by default.
"""

import asyncio
import os
import sys

import uvloop
from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

GROUP = "workers"
STREAM = "bench:taskiq"


def make_broker(url: str) -> RedisStreamBroker:
    """With its one task, `noop`."""
    broker = RedisStreamBroker(url, queue_name=STREAM, consumer_group_name=GROUP, socket_timeout=None)

    @broker.task(task_name="noop")
    async def noop(number: int) -> None:
        """Nothing."""

    return broker


async def work() -> None:
    """Until the process is ended."""
    broker = make_broker(os.environ["REDIS_URL"])
    broker.is_worker_process = True
    sys.stdout.write("ready\n")
    await run_receiver_task(broker, run_startup=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
