"""A client of Redis for whoever may not wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import CORO_CLOSED, getcoroutinestate
from typing import TypedDict, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from application.ports.task_supervisor import TaskSupervisor

# What a call may raise that does not find its server. RuntimeError is uvloop's for writing on a connection that was
# closed under the client, which passes it on as it is.
REDIS_ERRORS = (RedisError, OSError, RuntimeError)
# For one answer of a server that lives.
ANSWER_SECONDS = 1.0
# Opening, greeting and asking together.
CALL_SECONDS = 2.5
MOST_CALLS = 32

T = TypeVar("T")


class Options(TypedDict):
    """What every connection is made with."""

    socket_timeout: float
    socket_connect_timeout: float
    retry: Retry
    protocol: int


def options(answer_seconds: float = ANSWER_SECONDS) -> Options:
    """No connection tries again by itself: with the client's own ten retries a frozen server holds a call for 45 s."""
    return Options(
        socket_timeout=answer_seconds,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        # Answers have another shape in the newer protocol, and only a part of what is built on the client knows it.
        protocol=2,
    )


class RedisLink:
    """Connections to one server; made without any, opened when somebody calls.

    A call runs in a task of its own: who gives up after its deadline leaves the connection whole, so that opening one
    may take longer than anybody waits, and the next call finds it open. Nobody's deadline depends on the client's.
    """

    def __init__(self, url: str, *, supervisor: TaskSupervisor) -> None:
        self.url = url
        self._supervisor = supervisor
        self._client = Redis.from_url(url, **options())
        self._under_way = 0

    async def start(self) -> None:
        """Open a connection soon; it need not be possible."""
        self._supervisor.spawn("redis.open", self._open())

    async def stop(self) -> None:
        """Close what is open. What calls later opens again."""
        await self._client.aclose()

    def listener(self) -> Redis:
        """A client of one's own, to listen with; its user closes it."""
        return Redis.from_url(self.url, **options())

    async def call(self, seconds: float, work: Callable[[Redis], Awaitable[T]]) -> T:
        """The answer, within so many seconds. Raises one of REDIS_ERRORS, the builtin TimeoutError among them."""
        if self._under_way >= MOST_CALLS:
            raise NoConnection("Redis has not answered those who asked before")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        running = self._run(work, answer)
        self._supervisor.spawn("redis.call", running)
        if getcoroutinestate(running) == CORO_CLOSED:
            raise NoConnection("this process is on its way out")
        async with asyncio.timeout(seconds):
            return await answer

    async def answers(self) -> bool:
        """Whether the server does, within half a second."""
        try:
            await self.call(0.5, lambda redis: redis.ping())
        except REDIS_ERRORS:
            return False
        return True

    async def _run(self, work: Callable[[Redis], Awaitable[T]], answer: asyncio.Future[T]) -> None:
        self._under_way += 1
        try:
            async with asyncio.timeout(CALL_SECONDS):
                result = await work(self._client)
        except Exception as error:  # noqa: BLE001 - raised by who asked, if somebody still waits
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(result)
        finally:
            self._under_way -= 1
            # Cancelled at the end of the process: who asked must not wait for its own deadline.
            answer.cancel()

    async def _open(self) -> None:
        await self.answers()
