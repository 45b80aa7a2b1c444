"""Who is told of events, and how."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from application.ports.event_relay import SealedEvent
from application.ports.log import Log
from application.ports.message_broker import Message, MessageBroker, fits
from application.ports.trace_context import TraceContext
from application.shared.carried_trace import CarriedTrace
from domain.shared.errors import Unavailable

BROKER = "broker"
LISTENERS = "listeners"
# What one listener may take for a batch: what it leaves over when it hangs goes into jobs.
LISTENER_SECONDS = 5.0
BROKER_BATCH = 500
LISTENER_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """An event that one recipient would not take, and why. It is offered again on its own, by a job."""

    event: SealedEvent
    recipient: str
    error: str


class EventConsumer(Protocol):
    """Somebody with a place in the order of events."""

    @property
    def batch(self) -> int:
        """How many it takes at once."""
        ...

    @property
    def wanted(self) -> Collection[str]:
        """The patterns of the types that somebody behind it listens for now. It is offered all events, whatever
        these say: they tell which events of the optional ones are worth writing.
        """
        ...

    async def take(self, events: Sequence[SealedEvent]) -> Sequence[Undelivered]:
        """Take events in order; those that failed are told, not raised.

        Raises `Unavailable` when none can be taken now: they are offered again, and later ones wait behind them.
        """
        ...

    async def take_again(self, undelivered: SealedEvent, recipient: str) -> None:
        """Take one that had failed. Raises what went wrong; `LookupError` when the recipient is gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListener:
    """A listener in this process: its name, which is stored, and the types it wants (`notification.*`, see `fits`).

    `handler` is asked for anew each time. It may be called again with the same event.
    """

    name: str
    pattern: str
    handler: Callable[[], Callable[[SealedEvent], Awaitable[None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConsumer(EventConsumer):
    """Publishes every event."""

    broker: MessageBroker

    @property
    def batch(self) -> int:
        return BROKER_BATCH

    @property
    def wanted(self) -> Collection[str]:
        return self.broker.wanted

    async def take(self, events: Sequence[SealedEvent]) -> Sequence[Undelivered]:
        try:
            await self.broker.publish_batch([message_of(event) for event in events])
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever else it is: trying again would not help
            return await self._one_by_one(events, error)
        return ()

    async def _one_by_one(self, events: Sequence[SealedEvent], error: Exception) -> Sequence[Undelivered]:
        """Find the one that the broker refuses, and publish the others."""
        if len(events) == 1:
            return [Undelivered(event=events[0], recipient=BROKER, error=_text(error))]
        return [failed for event in events for failed in await self.take([event])]

    async def take_again(self, undelivered: SealedEvent, recipient: str) -> None:
        await self.broker.publish_batch([message_of(undelivered)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenersConsumer(EventConsumer):
    """Calls the listeners of this process, each for itself: one that fails or hangs does not touch the others."""

    listeners: Sequence[EventListener]
    trace: TraceContext
    log: Log

    @property
    def batch(self) -> int:
        return LISTENER_BATCH

    @property
    def wanted(self) -> Collection[str]:
        return {listener.pattern for listener in self.listeners}

    async def take(self, events: Sequence[SealedEvent]) -> Sequence[Undelivered]:
        failed = await asyncio.gather(*(self._tell(listener, events) for listener in self.listeners))
        return [one for each in failed for one in each]

    async def take_again(self, undelivered: SealedEvent, recipient: str) -> None:
        for listener in self.listeners:
            if listener.name == recipient:
                async with asyncio.timeout(LISTENER_SECONDS):
                    return await self._call(listener, undelivered)
        raise LookupError(f"no listener is named {recipient!r} here")

    async def _tell(self, listener: EventListener, events: Sequence[SealedEvent]) -> list[Undelivered]:
        failed: list[Undelivered] = []
        deadline = asyncio.get_running_loop().time() + LISTENER_SECONDS
        for event in events:
            if fits(listener.pattern, event.type):
                try:
                    async with asyncio.timeout_at(deadline):
                        # What takes no time at all would slip through a deadline that is over.
                        await asyncio.sleep(0)
                        await self._call(listener, event)
                except Exception as error:
                    self.log.exception("relay.listener_failed", error, listener=listener.name, event_id=str(event.id))
                    failed.append(Undelivered(event=event, recipient=listener.name, error=_text(error)))
        return failed

    async def _call(self, listener: EventListener, event: SealedEvent) -> None:
        with self.trace.resume(event.trace, tenant_id=event.tenant_id):
            await listener.handler()(event)


EventConsumers = Mapping[str, EventConsumer]


def message_of(event: SealedEvent) -> Message:
    """An event as the broker carries it; all events of one aggregate have the same key."""
    return Message(
        id=event.id,
        type=event.type,
        schema_version=event.schema_version,
        tenant_id=event.tenant_id,
        key=event.aggregate_id,
        position=event.position,
        occurred_at=event.occurred_at,
        data=event.data,
        headers={"traceparent": CarriedTrace.parse(event.trace).traceparent} if event.trace else {},
    )


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
