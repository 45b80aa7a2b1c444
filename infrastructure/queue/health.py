"""Whether wake-ups reach the other processes."""

from typing import Protocol, runtime_checkable

from taskiq import AsyncBroker

from application.health.ports import CheckResult, HealthCheck, HealthStatus
from infrastructure.queue.taskiq import WakeSender


@runtime_checkable
class Answering(Protocol):
    """A broker with a server that can be asked."""

    async def answers(self) -> bool:
        """Whether it is there; within a second."""
        ...


class QueueCheck(HealthCheck):
    """Degraded while wake-ups are lost: everything is still done, up to a sweep later."""

    def __init__(self, sender: WakeSender, broker: AsyncBroker) -> None:
        self._sender = sender
        self._broker = broker

    @property
    def name(self) -> str:
        return "queue"

    @property
    def critical(self) -> bool:
        return False

    async def check(self) -> CheckResult:
        failed = self._sender.failed
        # Else an installation in which nothing happens would stay degraded when there is no reason for it any more.
        self._sender.post(failed)
        if failed or (isinstance(self._broker, Answering) and not await self._broker.answers()):
            return CheckResult(status=HealthStatus.DEGRADED, detail="wake-ups lost, sweep works")
        return CheckResult()
