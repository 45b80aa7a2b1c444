"""Wake-ups on their way to other processes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from taskiq import BrokerMessage, InMemoryBroker

from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.queue.taskiq import WakeSender
from infrastructure.queue.wake_task import QUEUE_LABEL
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor


class SlowBroker(InMemoryBroker):
    """Takes its time, and notes what it took."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []

    async def kick(self, message: BrokerMessage) -> None:
        await asyncio.sleep(0.02)
        self.taken.append(str(message.labels[QUEUE_LABEL]))


@pytest.fixture
async def supervisor() -> AsyncIterator[AsyncioTaskSupervisor]:
    made = AsyncioTaskSupervisor()
    await made.start()
    yield made
    await made.stop()


async def test_what_waits_is_sent_and_nothing_after_it_when_it_is_stopped(supervisor: AsyncioTaskSupervisor) -> None:
    broker, log, metrics = SlowBroker(), MemoryLog(), MemoryMetrics()
    sender = WakeSender(broker, supervisor=supervisor, metrics=lambda: metrics, log=lambda: log)
    await sender.start()
    sender.post(["default"])
    await asyncio.sleep(0)
    sender.post(["relay"])  # waits for the first to be sent

    await sender.stop()
    sender.post(["default"])
    await asyncio.sleep(0.05)

    assert broker.taken == ["default", "relay"]
    assert supervisor.counts()["wake_ups"].running == 0
    await sender.start()
    sender.post(["default"])
    await sender.stop()
    assert broker.taken == ["default", "relay", "default"]
