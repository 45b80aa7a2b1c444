"""The streams that are open in this process."""

# One adapter: open connections live in the memory of the process that accepted them, whatever the drivers are.
# No contract suite: with one adapter it would be that adapter's unit tests.

from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.identity.principal import Principal
from domain.realtime.cursor import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHolder:
    """Who has a stream open."""

    stream_id: UUID
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpening:
    """A request for a stream. `resuming` without `cursor`: the caller named a place that cannot exist."""

    holder: StreamHolder
    resuming: bool = False
    cursor: Cursor | None = None


# Given who has streams open, tells who may not keep them.
AccessCheck = Callable[[Collection[StreamHolder]], Awaitable[Collection[StreamHolder]]]


class StreamSocket(Protocol):
    """One client, as the edge hands it over. Chunks go out in the order of the calls, each whole or not at all."""

    async def start(self) -> None:
        """Send the head of the answer; until then a refusal is an ordinary HTTP error."""
        ...

    def write(self, chunk: bytes) -> Coroutine[Any, Any, None]:
        """Write a piece of the body. Suspends only while the client's socket is full.

        The coroutine may be begun by one task and finished by another: it must not depend on the current task.
        """
        ...

    async def finish(self) -> None:
        """End the body; the client may use the connection again."""
        ...

    async def gone(self) -> None:
        """Return once the client has disconnected. May be cancelled."""
        ...

    def abort(self) -> None:
        """Cut the client off, dropping what it has not taken. Where the server cannot, its own close must do."""
        ...


class ClaimedStream(Protocol):
    """A stream that nothing refuses any more. It holds a place until it was run, so run it at once."""

    async def run(self) -> None:
        """Send the head, replay, then pass updates on until the client leaves or the stream ends."""
        ...


class StreamHub(Protocol):
    """Knows every open stream of the process and writes to it."""

    async def claim(self, opening: StreamOpening, socket: StreamSocket) -> ClaimedStream:
        """Take a place, and look where the stream stands. Nothing is written to the socket yet.

        Raises `TooManyStreams`, `SubscriberNotFound` and `Unavailable`.
        """
        ...

    def close_all(self) -> None:
        """Say farewell on every stream and end it within a second; further ones are refused. Idempotent."""
        ...
