"""Wake-ups through a Taskiq broker."""

import asyncio
from collections.abc import Callable, Collection
from inspect import CORO_CLOSED, getcoroutinestate

from taskiq import AsyncBroker
from taskiq.kicker import AsyncKicker

from application.jobs.wake_bus import WakeBus
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.task_supervisor import TaskSupervisor
from application.ports.wake_ups import WakeUps
from infrastructure.queue.wake_task import QUEUE_LABEL, TASK

DEADLINE_SECONDS = 0.1
# Between two rounds of sending. Others look each 50 ms at most: more often is for nobody.
REST_SECONDS = 0.01


class WakeSender:
    """Sends to other processes what this one has committed, behind the back of who committed it.

    Holds each queue once: however many ask meanwhile, one wake-up per queue is under way and one waits. What asks
    after a sending has begun is sent again, since the receiver may have looked before it was committed.
    """

    def __init__(
        self,
        broker: AsyncBroker,
        *,
        supervisor: TaskSupervisor,
        metrics: Callable[[], Metrics],
        log: Callable[[], Log],
    ) -> None:
        self._broker = broker
        self._supervisor = supervisor
        self._metrics = metrics
        self._log = log
        self._waiting: dict[str, None] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._failed: dict[str, None] = {}

    async def start(self) -> None:
        """Take wake-ups, also again after a stop."""
        self._closed = False

    async def stop(self) -> None:
        """Send what waits. What is asked for later is left to the sweep: the connection would be opened once more."""
        self._closed = True
        await self._idle.wait()

    @property
    def failed(self) -> Collection[str]:
        """The queues whose last wake-up could not be sent."""
        return tuple(self._failed)

    def post(self, queues: Collection[str]) -> None:
        """Send a wake-up for each queue soon."""
        if self._closed:
            return
        self._waiting.update(dict.fromkeys(queues))
        if self._waiting and self._idle.is_set():
            self._idle.clear()
            sending = self._send_all()
            self._supervisor.spawn("wake_ups", sending)
            if getcoroutinestate(sending) == CORO_CLOSED:
                self._idle.set()

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                queues = tuple(self._waiting)
                self._waiting.clear()
                for queue in queues:
                    await self._send(queue)
                await asyncio.sleep(REST_SECONDS)
        finally:
            self._idle.set()

    async def _send(self, queue: str) -> None:
        kicker: AsyncKicker[[str], None] = AsyncKicker(task_name=TASK, broker=self._broker, labels={QUEUE_LABEL: queue})
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await kicker.kiq(queue)
        except Exception as error:  # noqa: BLE001 - a lost wake-up costs a sweep
            self._metrics().increment("wake_ups_failed_total", queue=queue)
            self._report(error, queue)
        else:
            self._metrics().increment("wake_ups_sent_total", queue=queue)
            self._failed.pop(queue, None)

    def _report(self, error: Exception, queue: str) -> None:
        """Log the first of a row of failures: the counter tells the others. A warning, since a sweep finds the work."""
        if not self._failed:
            # Taskiq wraps what its broker raises.
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            self._log().warning("queue.wake_up_failed", queue=queue, error=f"{type(cause).__name__}: {cause}")
        self._failed[queue] = None


class TaskiqWakeUps(WakeUps):
    """Wakes the loops of this process directly, those of others through the broker."""

    def __init__(self, bus: WakeBus, sender: WakeSender) -> None:
        self._bus = bus
        self._sender = sender

    async def send(self, queues: Collection[str]) -> None:
        self._bus.wake(queues)
        self._sender.post(queues)
