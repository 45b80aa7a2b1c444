"""Streams over HTTP, with everything else in memory. Run as a program it serves until it is told to end."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import uvicorn
from litestar import Litestar

from app.bootstrap.signals import before_shutdown, orderly_end
from app.http.dependencies import expose
from app.http.factory import Routes, Surroundings, create_http_app
from app.http.options import HttpOptions
from app.sse.notifications import StreamController
from app.sse.tickets import TicketsController
from application.identity.authenticate_caller import Scheme
from application.ports.rate_limiter import RateLimiter
from application.ports.wake_ups import WakeUps
from application.realtime.issue_ticket import IssueTicket
from application.realtime.open_stream import OpenStream
from application.realtime.redeem_ticket import RedeemTicket
from application.realtime.review_streams import ReviewStreams
from application.relay.event_interest import EventInterest
from application.shared.reaction import Reactions
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal, PrincipalKind
from domain.realtime.stream import StreamUpdate, UpdateKind
from domain.subscribers.subscriber import Subscriber
from infrastructure.config.sse import SseSettings
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.streams import MemoryStreamReader
from infrastructure.memory.subscribers import MemorySubscriberReader
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.security.os_random import OsRandomSecretMint
from infrastructure.streams.hub import ProcessStreamHub
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from infrastructure.system.clock import SystemClock
from infrastructure.system.ids import UuidV7Ids
from infrastructure.system.jitter import RandomJitter
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor

TENANT = "default"


class NoWakeUps(WakeUps):
    async def send(self, queues: object) -> None:
        return


class StreamingApp:
    """Bearer tokens are subscriber ids; `key` is an API key's; `wake` is not needed here."""

    def __init__(self, settings: SseSettings | None = None, *, catch_up_interval: float = 3600) -> None:
        self.database = MemoryDatabase()
        self.clock = FixedClock(SystemClock().now())
        self.ids = UuidV7Ids()
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.supervisor = AsyncioTaskSupervisor()
        self.trace = ContextvarsTraceContext(self.ids)
        self.hints = MemoryHints(HintBus(lambda: self.log))
        self.deaf = False
        self.streams: dict[str, Subscriber] = {}
        self.hub = ProcessStreamHub(
            settings or SseSettings(),
            reader=lambda: MemoryStreamReader(database=self.database),
            hints=lambda: self.hints,
            access=lambda: ReviewStreams(subscribers=MemorySubscriberReader(database=self.database)),
            clock=lambda: self.clock,
            jitter=RandomJitter,
            metrics=lambda: self.metrics,
            log=lambda: self.log,
            supervisor=self.supervisor,
            catch_up_interval=catch_up_interval,
        )
        self.app = create_http_app(
            Routes(api=[StreamController, TicketsController], root=[StreamController]),
            expose([("open_stream", self.open_stream), ("issue_ticket", self.issue_ticket)]),
            Surroundings(
                trace=self.trace,
                log=self.log,
                metrics=self.metrics,
                new_request_id=lambda: str(self.ids.new()),
                authenticate=lambda: self.authenticate,
                redeem_ticket=lambda: RedeemTicket(unit_of_work=self.unit_of_work),
                rate_limiter=_no_limiter,
            ),
            HttpOptions(),
            [self.lifespan],
        )

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        await self.hub.start()
        with before_shutdown(self.hub.close_all):
            yield
        await self.hub.stop()
        await self.supervisor.drain(1)

    def unit_of_work(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(
            database=self.database,
            clock=self.clock,
            hints=_Deaf() if self.deaf else self.hints,
            wake_ups=NoWakeUps(),
            reactions=Reactions({}),
            interest=EventInterest(),
            ids=self.ids,
            trace=self.trace,
            log=self.log,
            metrics=self.metrics,
        )

    def open_stream(self) -> OpenStream:
        return OpenStream(hub=self.hub, subscribers=MemorySubscriberReader(database=self.database), clock=self.clock)

    def issue_ticket(self) -> IssueTicket:
        return IssueTicket(unit_of_work=self.unit_of_work, mint=OsRandomSecretMint(), clock=self.clock)

    async def authenticate(self, scheme: Scheme, text: str) -> Principal:
        if scheme is Scheme.API_KEY:
            return Principal(kind=PrincipalKind.API_KEY, tenant_id=TENANT, id=text)
        if text == "forged":
            raise InvalidCredential
        expires_at = self.clock.now() + timedelta(minutes=10)
        return Principal(kind=PrincipalKind.SUBSCRIBER, tenant_id=TENANT, id=text, expires_at=expires_at)

    async def add(self, *names: str) -> None:
        now = self.clock.now()
        made = [
            Subscriber(id=self.ids.new(), tenant_id=TENANT, subscriber_id=name, created_at=now, updated_at=now)
            for name in names
        ]
        async with self.unit_of_work() as uow:
            self.streams |= await uow.subscribers.ensure_many(TENANT, made)
            await uow.commit()

    async def publish(self, name: str = "ann", **data: object) -> None:
        update = StreamUpdate(
            stream_id=self.streams[name].id, tenant_id=TENANT, kind=UpdateKind.RECEIVED, data=data, unread=1, unseen=1
        )
        async with self.unit_of_work() as uow:
            uow.streams.push(update)
            await uow.commit()

    async def delete(self, name: str) -> None:
        async with self.unit_of_work() as uow:
            await uow.subscribers.delete(TENANT, name)
            await uow.commit()

    async def evict(self, name: str, keep: int) -> None:
        async with self.unit_of_work() as uow:
            rows = uow._transaction.rows
            stream = rows.streams.get(self.streams[name].id)
            assert stream is not None
            oldest = stream.head.seq + 1 - keep
            rows.streams.put(replace(stream, head=replace(stream.head, oldest_seq=oldest)))
            await uow.commit()

    def place(self, name: str, seq: int) -> str:
        stream = self.database.streams.committed.get(self.streams[name].id)
        assert stream is not None
        return f"{stream.head.epoch}-{seq}"


class _Deaf(MemoryHints):
    """A channel that is down."""

    def __init__(self) -> None:
        super().__init__(HintBus(MemoryLog))

    async def publish(self, hints: object) -> None:
        return


def _no_limiter() -> RateLimiter:
    raise AssertionError("nothing is limited here")


def _config(app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        app, http="httptools", log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=10
    )


@dataclass(frozen=True, slots=True)
class Serving:
    port: int
    # Uvicorn's own: one for each connection that it has not closed.
    connections: Sized


@asynccontextmanager
async def served(app: Litestar) -> AsyncIterator[Serving]:
    """Serve in this process on a free port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(_config(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield Serving(listener.getsockname()[1], server.server_state.connections)
    finally:
        server.should_exit = True
        await serving


async def _serve_until_told() -> None:
    streaming = StreamingApp(SseSettings(max_per_subscriber=1_000))
    streaming.clock = SystemClock()  # type: ignore[assignment]
    await streaming.add("ann")
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    with orderly_end():
        await uvicorn.Server(_config(streaming.app)).serve(sockets=[listener])
    sys.stdout.write(f"open {streaming.hub.connections}\n")


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve_until_told())
