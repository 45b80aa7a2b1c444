"""Messages within one process."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from application.jobs.background import Background
from application.ports.log import Log
from application.ports.message_broker import Message, MessageBroker, MessageHandler, Subscription, fits
from application.ports.metrics import Metrics
from application.ports.task_supervisor import TaskSupervisor
from domain.shared.errors import Unavailable

# Room for two batches of the relay. A subscriber that is further behind holds the publisher up, not the memory.
MOST_WAITING = 1_000
TRIES = 3
FIRST_PAUSE = 0.05


class BrokerFull(Unavailable):
    """A subscriber is too far behind"""

    code = "message_broker.full"


class MemorySubscription(Subscription):
    """One handler with the messages that wait for it."""

    def __init__(self, pattern: str, handler: MessageHandler, bus: "MessageBus") -> None:
        self.waiting: asyncio.Queue[Message] = asyncio.Queue(maxsize=MOST_WAITING)
        self.pattern = pattern
        self._handler = handler
        self._bus = bus
        self._cancelled = False
        self._handling = False
        self.reading = Background("message_broker:subscription", self._read, bus.supervisor)

    def wants(self, messages: Sequence[Message]) -> list[Message]:
        return [message for message in messages if fits(self.pattern, message.type)]

    def has_room(self, number: int) -> bool:
        return self.waiting.qsize() + number <= MOST_WAITING

    async def cancel(self) -> None:
        self._cancelled = True
        self._bus.subscriptions.pop(self, None)
        if not self._handling:
            self.reading.cancel()

    async def _read(self) -> None:
        while not self._cancelled:
            message = await self.waiting.get()
            self._handling = True
            try:
                await self._handle(message)
            finally:
                self._handling = False

    async def _handle(self, message: Message) -> None:
        for tried in range(TRIES):
            try:
                return await self._handler(message)
            except Exception as error:  # noqa: BLE001 - the handler is somebody else's
                self._bus.log().exception("message_broker.handler_failed", error, message_id=str(message.id))
            await asyncio.sleep(FIRST_PAUSE * 2**tried)
        self._bus.metrics().increment("message_broker_dropped_total", type=message.type)
        return None


class MessageBus:
    """The subscriptions of this process. Nothing outlives it: who subscribes later has missed what was before."""

    def __init__(self, *, supervisor: TaskSupervisor, log: Callable[[], Log], metrics: Callable[[], Metrics]) -> None:
        self.supervisor = supervisor
        self.log = log
        self.metrics = metrics
        # In the order in which they were made.
        self.subscriptions: dict[MemorySubscription, None] = {}

    async def start(self) -> None:
        """Begin to hand messages to those who have subscribed."""
        for subscription in self.subscriptions:
            subscription.reading.start()

    async def stop(self) -> None:
        """Hand over no more."""
        for subscription in self.subscriptions:
            await subscription.reading.stop()


class MemoryMessageBroker(MessageBroker):
    """A subscriber that is full makes the whole batch wait: nothing of it is handed over then."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus

    @property
    def wanted(self) -> Collection[str]:
        return {subscription.pattern for subscription in self._bus.subscriptions}

    async def publish_batch(self, messages: Sequence[Message]) -> None:
        wanted = {subscription: subscription.wants(messages) for subscription in self._bus.subscriptions}
        if not all(subscription.has_room(len(wants)) for subscription, wants in wanted.items()):
            raise BrokerFull(retry_after=1.0)
        for subscription, wants in wanted.items():
            for message in wants:
                subscription.waiting.put_nowait(message)

    def subscribe(self, pattern: str, handler: MessageHandler) -> Subscription:
        subscription = MemorySubscription(pattern, handler, self._bus)
        self._bus.subscriptions[subscription] = None
        subscription.reading.start()
        return subscription
