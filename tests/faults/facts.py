"""What is known after a run: what the store holds, what the world outside saw, what producers were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from domain.audit.chain import ChainHead, SealedEntry
from domain.notifications.delivery_status import DeliveryStatus
from domain.realtime.cursor import Cursor
from tests.faults.sink import Effect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a producer asked for under one key, and what it was told.

    `expected` are the deliveries that must come of it, as (subscriber, channel). `answers` holds the id of each 202,
    `refusals` the body of every other answer; a connection that broke leaves nothing but one more of `tries`.
    """

    key: str
    expected: frozenset[tuple[str, str]]
    answers: tuple[UUID, ...] = ()
    refusals: tuple[str, ...] = ()
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotification:
    """`key` is the producer's; `counts` is the deliveries by status as a reader is told: folded and not folded yet."""

    id: UUID
    key: str
    expanded: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """One row. `deadline` is that of its lease, while it is leased."""

    id: UUID
    notification_id: UUID
    target: str
    channel: str
    status: DeliveryStatus
    reason: str | None = None
    rounds: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttempt:
    """One try."""

    id: UUID
    delivery_id: UUID
    provider: str | None
    outcome: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An inbox item; it has the id of its delivery."""

    id: UUID
    notification_id: UUID
    recipient_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLease:
    """A row that somebody holds, until `deadline` by the store's clock."""

    kind: str
    id: UUID
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A delivery's status was changed, in the order in which the store saw it."""

    delivery_id: UUID
    before: DeliveryStatus
    after: DeliveryStatus


class Heard(StrEnum):
    """What a follower of a stream was told."""

    START = "start"
    UPDATE = "update"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Frame:
    """Something with a place in the stream, in the order in which it came, over all connections."""

    heard: Heard
    place: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the invariants look at.

    `kills` counts the processes with `slots` sends each that were killed; `now` is by the store's clock. `received` and
    `heads` go by subscriber: what a follower got, and where the stream stands. `audit` holds the sealed entries of all
    tenants in their order, `audit_heads` where each tenant's chain ends.
    """

    posts: Sequence[Post] = ()
    notifications: Sequence[StoredNotification] = ()
    deliveries: Sequence[StoredDelivery] = ()
    changes: Sequence[Change] = ()
    attempts: Sequence[StoredAttempt] = ()
    items: Sequence[StoredItem] = ()
    leases: Sequence[StoredLease] = ()
    effects: Sequence[Effect] = ()
    received: Mapping[str, Sequence[Frame]] = field(default_factory=dict)
    heads: Mapping[str, Cursor] = field(default_factory=dict)
    audit: Sequence[SealedEntry] = ()
    audit_heads: Mapping[str, ChainHead] = field(default_factory=dict)
    kills: int = 0
    slots: int = 0
    lease_seconds: float = 15.0
    now: datetime = EPOCH
