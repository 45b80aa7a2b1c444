"""Stream hints between processes of many machines, by a channel of Redis."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as NoConnection

from application.jobs.background import Background
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.stream_hints import HintListener, StreamHint, StreamHints
from application.ports.task_supervisor import TaskSupervisor
from infrastructure.streams.hint_outbox import HintOutbox
from infrastructure.streams.hint_wire import Unreadable, packed, unpacked
from infrastructure.streams.memory_hints import HintBus
from infrastructure.system.redis import REDIS_ERRORS, RedisLink

# After so long without a word the server is asked whether it is there, and has as long to answer.
QUIET_SECONDS = 1.0
BLIND_SECONDS = 2.0
REST_SECONDS = 0.5
PUBLISH_SECONDS = 1.0


class HintChannel:
    """One process's end of `<prefix>:hints`: hears what the others publish, and publishes behind the publisher's back.

    What a channel of Redis loses nobody is told. So whoever was cut off looks for itself when it is back, and each two
    seconds until then; and whoever could not publish says "look" when it can again.
    """

    def __init__(
        self,
        link: RedisLink,
        prefix: str,
        process: str,
        bus: HintBus,
        *,
        metrics: Callable[[], Metrics],
        log: Callable[[], Log],
        supervisor: TaskSupervisor,
    ) -> None:
        self._link = link
        self._name = f"{prefix}:hints"
        self._process = process
        self._bus = bus
        self._log = log
        self._hearing = asyncio.Event()
        self._lost = False
        self._loops = Background("streams.redis_hints", self._run, supervisor)
        self._outbox = HintOutbox(self._publish, metrics=metrics, supervisor=supervisor)

    @property
    def hearing(self) -> asyncio.Event:
        """Set while what others publish is heard."""
        return self._hearing

    async def start(self) -> None:
        """Listen soon; the server need not be there."""
        await self._link.start()
        self._outbox.open()
        self._loops.start()

    async def stop(self) -> None:
        """Listen no more, and publish what waits if that takes no time."""
        await self._loops.stop()
        await self._outbox.close()
        await self._link.stop()

    def post(self, hints: Sequence[StreamHint]) -> None:
        """Publish soon. Never raises and never waits."""
        self._outbox.post(hints)

    async def _publish(self, hints: Sequence[StreamHint] | None) -> None:
        message = packed(self._process, hints)
        await self._link.call(PUBLISH_SECONDS, lambda redis: redis.publish(self._name, message))

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_again_and_again())
            group.create_task(self._look_while_deaf())

    async def _look_while_deaf(self) -> None:
        while True:
            await asyncio.sleep(BLIND_SECONDS)
            if not self._hearing.is_set():
                await self._bus.tell(None)

    async def _follow_again_and_again(self) -> None:
        while True:
            try:
                await self._follow()
            except REDIS_ERRORS as error:
                if not self._lost:
                    self._lost = True
                    self._log().warning("streams.redis_lost", reason=f"{type(error).__name__}: {error}")
            finally:
                self._hearing.clear()
            await asyncio.sleep(REST_SECONDS)

    async def _follow(self) -> None:
        async with aclosing(self._link.listener()) as redis, aclosing(redis.pubsub()) as channel:
            await channel.subscribe(self._name)
            while True:
                await self._take(await _next(channel))

    async def _take(self, message: dict[str, object]) -> None:
        if message["type"] == "subscribe":
            self._hearing.set()
            if self._lost:
                self._lost = False
                self._log().info("streams.redis_back")
            await self._bus.tell(None)
        elif message["type"] == "message" and isinstance(data := message["data"], bytes):
            await self._hear(data)

    async def _hear(self, data: bytes) -> None:
        try:
            process, hints = unpacked(data)
        except Unreadable as error:
            self._log().warning("streams.hint_unreadable", reason=str(error))
            await self._bus.tell(None)
        else:
            if process != self._process:
                await self._bus.tell(hints)


async def _next(channel: PubSub) -> dict[str, object]:
    """The next message. Raises when the server says nothing, even when it is asked."""
    for _ in range(2):
        message: dict[str, object] | None = await channel.get_message(timeout=QUIET_SECONDS)
        if message is not None:
            return message
        await channel.ping()
    raise NoConnection("Redis says nothing")


class RedisHints(StreamHints):
    """Own hints are delivered at once, those of others whole; publishing waits for nobody."""

    def __init__(self, bus: HintBus, channel: HintChannel) -> None:
        self._bus = bus
        self._channel = channel

    async def publish(self, hints: Sequence[StreamHint]) -> None:
        if hints:
            self._channel.post(hints)
            await self._bus.tell(hints)

    def listen(self, listener: HintListener) -> None:
        self._bus.listen(listener)
