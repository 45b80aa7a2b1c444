"""Wake-ups between processes of many machines, by streams of Redis."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError
from taskiq import AckableMessage, AsyncBroker, BrokerMessage
from taskiq_redis import RedisStreamBroker

from application.jobs.wake_bus import WakeBus
from application.ports.log import Log
from infrastructure.queue.wake_task import QUEUE_LABEL, register_tasks
from infrastructure.system.redis import REDIS_ERRORS, RedisLink, options

GROUP = "workers"
# Nobody who wakes up cares how often it was called.
MOST_ENTRIES = 100
READ_COUNT = 10
BLOCK_SECONDS = 1.0
# What a read may take beyond the time that the server holds it back.
GRACE_SECONDS = 2.0
REST_SECONDS = 1.0
ACK_SECONDS = 1.0
LEAVE_SECONDS = 0.2
TIDY_SECONDS = 60.0
# Longer than anybody works on one wake-up. Before Redis 7.2 a consumer that lives and hears nothing looks dead, too:
# it is made anew by the next that it hears, as is one that was frozen.
DEAD_SECONDS = 300.0

# Streams with their entries: id and fields, None for an entry that was trimmed.
Fetched = Sequence[tuple[bytes, Sequence[tuple[bytes, Mapping[bytes, bytes] | None]]]]


class RedisWakeBroker(RedisStreamBroker):
    """Taskiq's broker with one stream for each queue, and a server that may be away, frozen, flushed or started again.

    Its own way to listen: the library's ends with the first error, takes over the messages of the dead only when a new
    one arrives, and holds a lock for it that a killed process never gives back. Here nothing is taken over: a wake-up
    says "look", so those of the dead are dropped with their consumer, and a sweep has looked long before.
    """

    def __init__(self, link: RedisLink, prefix: str, bus: WakeBus, *, log: Callable[[], Log]) -> None:
        super().__init__(
            link.url,
            queue_name=f"{prefix}:wake",
            consumer_group_name=GROUP,
            consumer_id="0",
            maxlen=MOST_ENTRIES,
            xread_count=READ_COUNT,
            xread_block=int(BLOCK_SECONDS * 1_000),
            **options(BLOCK_SECONDS + GRACE_SECONDS),
        )
        self._link = link
        self._bus = bus
        self._log = log
        self._declared: set[str] = set()
        self._tidied = 0.0
        self._lost = False

    async def startup(self) -> None:
        """Unlike the library's, which needs the server for it: groups are made by who listens."""
        await AsyncBroker.startup(self)

    async def shutdown(self) -> None:
        """Leave the groups, if the server is there, and close what listened."""
        streams, self._declared = self._declared, set()
        with suppress(*REDIS_ERRORS):
            if streams:
                await self._link.call(LEAVE_SECONDS, partial(self._leave, streams))
        await super().shutdown()

    async def answers(self) -> bool:
        """Whether the server does."""
        return await self._link.answers()

    async def kick(self, message: BrokerMessage) -> None:
        """Raises one of REDIS_ERRORS when the server has not taken it; the deadline is the caller's."""
        stream = self.stream_of(str(message.labels[QUEUE_LABEL]))
        await self._link.call(ACK_SECONDS, partial(self._add, stream, message.message))

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Never ends by itself and never raises what the server is to blame for."""
        while True:
            try:
                messages = await self._read()
            except REDIS_ERRORS as error:
                self._report(error)
                await asyncio.sleep(REST_SECONDS)
            else:
                for message in messages:
                    yield message

    def stream_of(self, queue: str) -> str:
        """The stream's name on the server."""
        return f"{self.queue_name}:{queue}"

    async def _add(self, stream: str, data: bytes, redis: Redis) -> None:
        # A stream that nobody listens to is not made: it would be there for ever.
        await redis.xadd(stream, {"data": data}, maxlen=self.maxlen, approximate=True, nomkstream=True)

    async def _read(self) -> Sequence[AckableMessage]:
        streams = [self.stream_of(queue) for queue in self._bus.queues]
        if not streams:
            await asyncio.sleep(REST_SECONDS)
            return ()
        redis = Redis(connection_pool=self.connection_pool)
        await self._declare(redis, streams)
        await self._tidy(redis, streams)
        fetched = await redis.xreadgroup(
            self.consumer_group_name,
            self.consumer_name,
            dict.fromkeys(streams, ">"),
            block=self.block,
            count=self.count,
        )
        return [
            self._message(stream, entry, fields)
            for stream, entries in cast(Fetched, fetched)
            for entry, fields in entries
        ]

    def _message(self, stream: bytes, entry: bytes, fields: Mapping[bytes, bytes] | None) -> AckableMessage:
        # None: trimmed between its arrival and now. What cannot be read is acknowledged by the receiver.
        return AckableMessage(data=(fields or {}).get(b"data", b""), ack=partial(self._ack, stream, entry))

    async def _ack(self, stream: bytes, entry: bytes) -> None:
        # What stays unacknowledged goes with its consumer.
        with suppress(*REDIS_ERRORS):
            await self._link.call(ACK_SECONDS, lambda redis: redis.xack(stream, self.consumer_group_name, entry))

    async def _declare(self, redis: Redis, streams: Collection[str]) -> None:
        for stream in streams:
            if stream not in self._declared:
                try:
                    await redis.xgroup_create(stream, self.consumer_group_name, id=self.consumer_id, mkstream=True)
                except ResponseError as error:
                    if not str(error).startswith("BUSYGROUP"):
                        raise
                self._declared.add(stream)
        if self._lost:
            self._lost = False
            self._log().info("queue.redis_back")

    async def _tidy(self, redis: Redis, streams: Collection[str]) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._tidied + TIDY_SECONDS:
            return
        self._tidied = now
        for stream in streams:
            for consumer in await redis.xinfo_consumers(stream, self.consumer_group_name):
                if consumer["idle"] > DEAD_SECONDS * 1_000:
                    await redis.xgroup_delconsumer(stream, self.consumer_group_name, consumer["name"])

    async def _leave(self, streams: Collection[str], redis: Redis) -> None:
        for stream in streams:
            await redis.xgroup_delconsumer(stream, self.consumer_group_name, self.consumer_name)

    def _report(self, error: Exception) -> None:
        """Log the first of a row of failures; whatever the server knew of us may be gone."""
        self._declared.clear()
        if not self._lost:
            self._lost = True
            self._log().warning("queue.redis_lost", reason=f"{type(error).__name__}: {error}")


def redis_broker(link: RedisLink, prefix: str, bus: WakeBus, *, log: Callable[[], Log]) -> RedisWakeBroker:
    """A broker that wakes one of the processes that listen to a queue, wherever they run."""
    broker = RedisWakeBroker(link, prefix, bus, log=log)
    register_tasks(broker, bus)
    return broker
