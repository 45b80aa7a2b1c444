"""An ordered, replayable sequence of updates."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.realtime.cursor import Cursor
from domain.shared.json import JsonObject


class UpdateKind(StrEnum):
    """The logged events of a subscriber's stream."""

    RECEIVED = "notification_received"
    UPDATED = "notification_updated"


# The last digits of an epoch tell streams apart that were made in the same second.
STREAMS_A_SECOND = 100_000


def first_epoch(stream_id: UUID, seconds: int) -> int:
    """The epoch of a stream made at `seconds` (Unix time): a cursor of another stream is not taken for its own."""
    return seconds * STREAMS_A_SECOND + stream_id.int % STREAMS_A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUpdate:
    """One change, before it has its place. `unread` and `unseen` are by how much the counters change with it."""

    stream_id: UUID
    tenant_id: str
    kind: UpdateKind
    data: JsonObject
    unread: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHead:
    """Where a stream stands. `oldest_seq` is the first update that can still be replayed (seq + 1 when none)."""

    stream_id: UUID
    epoch: int
    seq: int
    unread: int
    unseen: int
    oldest_seq: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq)

    def can_replay_from(self, cursor: Cursor) -> bool:
        """Whether everything after `cursor` is still there; a cursor from the future is not ours."""
        return cursor.epoch == self.epoch and self.oldest_seq - 1 <= cursor.seq <= self.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedUpdate:
    """An update with its place; `data` is the JSON text as it goes out, `trace_id` names the request that led to it."""

    seq: int
    kind: str
    data: bytes
    trace_id: str | None = None
