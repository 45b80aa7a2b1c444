"""The health of wake-ups."""

from collections.abc import AsyncIterator

import pytest
from taskiq import BrokerMessage, InMemoryBroker

from application.health.ports import HealthStatus
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.queue.health import QueueCheck
from infrastructure.queue.taskiq import WakeSender
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor


class UnsteadyBroker(InMemoryBroker):
    """Refuses messages while it is `away`."""

    away = True

    async def kick(self, message: BrokerMessage) -> None:
        if self.away:
            raise ConnectionError("nobody there")


@pytest.fixture
async def supervisor() -> AsyncIterator[AsyncioTaskSupervisor]:
    made = AsyncioTaskSupervisor()
    await made.start()
    yield made
    await made.stop()


async def test_queue_is_degraded_while_wake_ups_are_lost_and_up_again_after(supervisor: AsyncioTaskSupervisor) -> None:
    broker = UnsteadyBroker()
    log, metrics = MemoryLog(), MemoryMetrics()
    sender = WakeSender(broker, supervisor=supervisor, metrics=lambda: metrics, log=lambda: log)
    check = QueueCheck(sender, broker)
    before = (await check.check()).status

    sender.post(["default"])
    await supervisor.drain(5)
    lost = (await check.check()).status
    broker.away = False
    await supervisor.start()
    sender.post(["default"])
    await supervisor.drain(5)

    assert (before, lost, (await check.check()).status) == (HealthStatus.UP, HealthStatus.DEGRADED, HealthStatus.UP)
