"""A relay in a world: its consumers, its listeners, and the events it is given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from application.ports.event_relay import SealedEvent
from application.ports.message_broker import Message, MessageBroker, MessageHandler, Subscription
from application.relay.event_consumers import (
    BROKER,
    LISTENERS,
    BrokerConsumer,
    EventConsumer,
    EventListener,
    ListenersConsumer,
)
from application.relay.fold_tallies import FoldTallies
from application.relay.jobs import RedeliveryJob
from application.relay.relay_events import RelayEvents
from application.relay.relay_state import RelayState
from domain.notifications.events import NotificationAccepted
from domain.shared.errors import Unavailable
from infrastructure.system.payload_codec import JsonPayloadCodec
from tests.unit.worker.world import World


class RecordingBroker(MessageBroker):
    """Keeps what is published, unless `refuses` raises."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Message]] = []
        self.refuses: dict[str, Exception] = {}
        self.away = False
        self.subscribed: set[str] = set()

    @property
    def wanted(self) -> Collection[str]:
        return self.subscribed

    async def publish_batch(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise Unavailable("planted")
        for message in messages:
            if message.key in self.refuses:
                raise self.refuses[message.key]
        self.batches.append(messages)

    @property
    def published(self) -> list[Message]:
        return [message for batch in self.batches for message in batch]

    def subscribe(self, pattern: str, handler: MessageHandler) -> Subscription:
        raise NotImplementedError


@dataclass
class Relay:
    """A relay in a world."""

    world: World
    listeners: list[EventListener] = field(default_factory=list)
    broker: RecordingBroker = field(default_factory=RecordingBroker)
    state: RelayState = field(default_factory=RelayState)

    @property
    def consumers(self) -> dict[str, EventConsumer]:
        return {
            BROKER: BrokerConsumer(broker=self.broker),
            LISTENERS: ListenersConsumer(listeners=self.listeners, trace=self.world.trace, log=self.world.log),
        }

    def events(self) -> RelayEvents:
        return RelayEvents(
            unit_of_work=self.world.unit_of_work,
            scope=self.world.scope,
            consumers=self.consumers,
            state=self.state,
            ids=self.world.ids,
            log=self.world.log,
        )

    def tallies(self) -> FoldTallies:
        return FoldTallies(
            unit_of_work=self.world.unit_of_work, scope=self.world.scope, state=self.state, clock=self.world.clock
        )

    def listen(self, name: str, pattern: str = "**") -> list[str]:
        """A listener; the aggregates of what it hears. Those whose name has `bad` in it fail."""
        heard: list[str] = []

        async def handle(event: SealedEvent) -> None:
            heard.append(event.aggregate_id)
            if "bad" in name:
                raise RuntimeError("planted")

        self.listeners.append(EventListener(name=name, pattern=pattern, handler=lambda: handle))
        return heard

    async def append(self, *aggregates: str) -> None:
        async with self.world.unit_of_work() as uow:
            for aggregate in aggregates:
                uow.events.append(
                    NotificationAccepted(
                        id=self.world.ids.new(),
                        tenant_id="default",
                        aggregate_id=aggregate,
                        occurred_at=self.world.clock.now(),
                        transaction_id="t",
                        channels=("email",),
                        recipients=1,
                    )
                )
            await uow.commit()

    def jobs(self) -> list[RedeliveryJob]:
        entries = self.world.database.jobs.committed.all()
        return [self._decode(entry.item.payload) for entry in entries]

    def _decode(self, raw: bytes) -> RedeliveryJob:
        return JsonPayloadCodec().decode(raw, RedeliveryJob)
