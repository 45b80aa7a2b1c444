"""Telling the outside what has happened."""

# One adapter: the other drivers are still to come; the contract suite is ready for them.

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The envelope of one event. `id` is the event's and stays the same in every repetition.

    `type` is dotted (`notification.accepted`) and is the topic. Messages with the same `key` stay in their order.
    `headers` are lower-case; `traceparent` is there when the event has one.
    """

    id: UUID
    type: str
    schema_version: int
    tenant_id: str
    key: str
    position: int
    occurred_at: datetime
    data: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)


MessageHandler = Callable[[Message], Awaitable[None]]


class Subscription(Protocol):
    """What `subscribe` hands out."""

    async def cancel(self) -> None:
        """Receive no more; the message in hand is handled to its end. Idempotent."""
        ...


class MessageBroker(Protocol):
    """At least once: a message may come again, under the same id."""

    @property
    def wanted(self) -> Collection[str]:
        """The patterns that somebody subscribes to, as far as this process can know. Events that are only written
        for subscribers are written for these; a driver whose subscribers are elsewhere names what its settings say.
        """
        ...

    async def publish_batch(self, messages: Sequence[Message]) -> None:
        """Hand over all or none, in order; returns when the broker has them.

        Raises `Unavailable` when it cannot be reached or is full: the same batch may be offered again. Any other
        exception means that the broker will never take (one of) these messages.
        """
        ...

    def subscribe(self, pattern: str, handler: MessageHandler) -> Subscription:
        """Call `handler` for each message whose type `pattern` fits (see `fits`), one at a time.

        A handler that fails is called again, a few times with growing pauses; then the message is dropped for it,
        logged and counted. Others do not notice.
        """
        ...


def fits(pattern: str, topic: str) -> bool:
    """Whether a topic fits: `*` stands for one segment, `**` for any number of them, none included."""
    return _fits(tuple(pattern.split(".")), tuple(topic.split(".")))


def _fits(pattern: tuple[str, ...], topic: tuple[str, ...]) -> bool:
    if not pattern:
        return not topic
    head, rest = pattern[0], pattern[1:]
    if head == "**":
        return any(_fits(rest, topic[skipped:]) for skipped in range(len(topic) + 1))
    return bool(topic) and head in ("*", topic[0]) and _fits(rest, topic[1:])
