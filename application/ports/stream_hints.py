"""Telling other processes that a stream has moved."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHint:
    """A stream's new place and, where the channel carries it, the update that led there.

    `data` is the update's wire JSON and `kind` its event name; both None when only the counters changed, or when the
    hint says no more than "look". `trace_id` names the request that led to it.
    """

    stream_id: UUID
    epoch: int
    seq: int
    unread: int
    unseen: int
    kind: str | None = None
    data: bytes | None = None
    trace_id: str | None = None


# None: something moved, nobody knows what; look at every stream that is open here.
HintListener = Callable[[Sequence[StreamHint] | None], Awaitable[None]]


class StreamHints(Protocol):
    """Best effort, at most 100 ms to publish: what is lost is found in the stream log."""

    async def publish(self, hints: Sequence[StreamHint]) -> None:
        """Tell this process's listener and the other processes. Never raises."""
        ...

    def listen(self, listener: HintListener) -> None:
        """Name the one listener of this process; it is called from the publisher's turn for its own hints.

        While the channel is down the adapter calls it with None every 2 s, and once when the channel is back.
        """
        ...
