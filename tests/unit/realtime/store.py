"""Subscribers and tickets in memory."""

from datetime import UTC, datetime

from application.ports.stream_hub import ClaimedStream, StreamHub, StreamOpening, StreamSocket
from application.ports.wake_ups import WakeUps
from application.relay.event_interest import EventInterest
from application.shared.reaction import Reactions
from domain.identity.principal import Principal, PrincipalKind
from domain.subscribers.subscriber import Subscriber
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.sequential_ids import SequentialIds
from infrastructure.memory.subscribers import MemorySubscriberReader
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.streams.memory_hints import HintBus, MemoryHints

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


class NoWakeUps(WakeUps):
    async def send(self, queues: object) -> None:
        return


class RecordingHub(StreamHub):
    """Keeps what it is asked for."""

    def __init__(self) -> None:
        self.claimed: list[StreamOpening] = []

    async def claim(self, opening: StreamOpening, socket: StreamSocket) -> ClaimedStream:
        self.claimed.append(opening)
        return _Claimed()

    def close_all(self) -> None:
        return


class _Claimed(ClaimedStream):
    async def run(self) -> None:
        return


class Store:
    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.clock = FixedClock(NOW)
        self.ids = SequentialIds()

    def unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(
            database=self.database,
            clock=self.clock,
            hints=MemoryHints(HintBus(MemoryLog)),
            wake_ups=NoWakeUps(),
            reactions=Reactions({}),
            interest=EventInterest(),
            ids=self.ids,
            trace=ContextvarsTraceContext(self.ids),
            log=MemoryLog(),
            metrics=MemoryMetrics(),
        )

    def subscribers(self) -> MemorySubscriberReader:
        return MemorySubscriberReader(database=self.database)

    async def add(self, subscriber_id: str, tenant_id: str = "default") -> Subscriber:
        made = Subscriber(
            id=self.ids.new(), tenant_id=tenant_id, subscriber_id=subscriber_id, created_at=NOW, updated_at=NOW
        )
        async with self.unit_of_work() as uow:
            stored = await uow.subscribers.ensure_many(tenant_id, [made])
            await uow.commit()
        return stored[subscriber_id]

    async def delete(self, subscriber_id: str, tenant_id: str = "default") -> None:
        async with self.unit_of_work() as uow:
            await uow.subscribers.delete(tenant_id, subscriber_id)
            await uow.commit()


def caller(
    kind: PrincipalKind, subscriber_id: str = "ann", tenant_id: str = "default", expires_at: datetime | None = None
) -> Principal:
    return Principal(kind=kind, tenant_id=tenant_id, id=subscriber_id, expires_at=expires_at)
