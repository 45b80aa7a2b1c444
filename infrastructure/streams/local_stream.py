"""A stream as this process knows it."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.ports.stream_hints import StreamHint
from domain.realtime.cursor import Cursor
from domain.realtime.stream import LoggedUpdate, StreamHead
from infrastructure.streams import frames
from infrastructure.streams.connection import Connection, Ending


class LocalStream:
    """The highest known place of a stream, its counters, and the connections that are written to as it moves.

    A connection counts as a member from before its history is read, and is `live` once it has caught up. `behind` says
    that live ones miss updates which only the log has; `doubted`, that a hint spoke of another history.
    """

    __slots__ = (
        "_counted_at", "_on_reset", "_rumour", "_told", "behind", "doubted", "epoch", "filling", "id", "live",
        "members", "seq", "unread", "unseen",
    )  # fmt: skip

    def __init__(self, stream_id: UUID, on_reset: Callable[[], None]) -> None:
        self.id = stream_id
        self._on_reset = on_reset
        self.epoch: int | None = None
        self.seq = 0
        self.unread = 0
        self.unseen = 0
        self.live: dict[Connection, None] = {}
        self.members = 0
        self.behind = False
        self.doubted = False
        self.filling = False
        self._counted_at = 0
        self._told: tuple[int, int] | None = None
        self._rumour: StreamHint | None = None

    @property
    def level(self) -> bool:
        """Whether every live connection has everything that is known of."""
        return not (self.behind or self.doubted)

    @property
    def lowest(self) -> int:
        """The place of the live connection that is furthest behind."""
        return min((connection.position for connection in self.live), default=self.seq)

    def hear(self, hint: StreamHint) -> int:
        """Take a hint and write what follows on without a gap; returns the number of connections written to."""
        if self.epoch is None:
            if self._rumour is None or hint.seq >= self._rumour.seq:
                self._rumour = hint
            return 0
        if hint.epoch != self.epoch:
            self.doubted = True
            return 0
        self.seq = max(self.seq, hint.seq)
        self._count(hint.seq, hint.unread, hint.unseen)
        frame = b""
        if hint.kind is not None and hint.data is not None:
            frame = frames.update(hint.epoch, hint.seq, hint.kind, hint.data, hint.trace_id)
        return self._pass_on(hint.seq, frame)

    def _pass_on(self, seq: int, frame: bytes) -> int:
        counts = self._changed_counts()
        both = frame + counts
        written = 0
        for connection in self.live:
            if connection.position == seq - 1 and frame:
                connection.position = seq
                connection.write(both)
                written += 1
            elif connection.position < seq:
                self.behind = True
            elif counts:
                connection.write(counts)
                written += 1
        if self.behind:
            self._told = None
        return written

    def settle(self, head: StreamHead) -> None:
        """Compare with what the store says; `level` tells whether the log must be read."""
        if self.epoch is None:
            self._begin(head)
        elif head.epoch != self.epoch:
            self.reset(head)
        elif head.seq >= self.seq:
            self.seq = head.seq
            self._count(head.seq, head.unread, head.unseen)
            self._compare(head)

    def _compare(self, head: StreamHead) -> None:
        lowest = self.lowest
        if lowest < head.seq and not head.can_replay_from(Cursor(head.epoch, lowest)):
            self.reset(head)
        elif lowest < self.seq:
            self.behind = True
        elif not self.filling:
            self.tell()

    def _begin(self, head: StreamHead) -> None:
        self.epoch, self.seq = head.epoch, head.seq
        self._count(head.seq, head.unread, head.unseen)
        rumour, self._rumour = self._rumour, None
        if rumour is not None:
            self.hear(rumour)

    def can_replay(self, head: StreamHead, cursor: Cursor) -> bool:
        """As the head says, except that a hint may know of a later place than the store that was asked."""
        if cursor.epoch == self.epoch and head.seq < cursor.seq <= self.seq:
            return cursor.epoch == head.epoch
        return head.can_replay_from(cursor)

    def reset(self, head: StreamHead) -> None:
        """Live connections miss what nobody has any more: tell them, and go on from the head."""
        self.epoch, self.seq = head.epoch, head.seq
        self._counted_at = 0
        self._count(head.seq, head.unread, head.unseen)
        self._told = (self.unread, self.unseen)
        self.behind = self.doubted = False
        chunk = frames.reset(head.cursor) + frames.counts(self.unread, self.unseen)
        for connection in self.live:
            if connection.epoch != head.epoch or connection.position < head.seq:
                connection.epoch, connection.position = head.epoch, head.seq
                connection.write(chunk)
                self._on_reset()

    def deliver(self, epoch: int, page: Sequence[LoggedUpdate]) -> None:
        """Write a page of the log to each live connection, from where it stands."""
        if epoch != self.epoch or not page:
            return
        first, last = page[0].seq, page[-1].seq
        self.seq = max(self.seq, last)
        texts = [frames.update(epoch, one.seq, one.kind, one.data, one.trace_id) for one in page]
        chunks: dict[int, bytes] = {}
        for connection in self.live:
            start = connection.position
            if first - 1 <= start < last:
                if start not in chunks:
                    chunks[start] = b"".join(texts[start - first + 1 :])
                connection.position = last
                connection.write(chunks[start], last - start)

    def go_live(self, connection: Connection) -> None:
        """From now on the connection is written to as the stream moves; it has everything up to its position."""
        self.live[connection] = None
        if len(self.live) == 1:
            self._told = (self.unread, self.unseen)
        connection.write(frames.counts(self.unread, self.unseen))
        if connection.position < self.seq:
            self.behind = True

    def tell(self) -> None:
        """Send the counters to live connections, if they have changed since."""
        counts = self._changed_counts()
        for connection in self.live if counts else ():
            connection.write(counts)

    def end(self, ending: Ending) -> None:
        """End every live connection."""
        for connection in self.live:
            connection.end(ending)

    def _count(self, seq: int, unread: int, unseen: int) -> None:
        if seq >= self._counted_at:
            self.unread, self.unseen, self._counted_at = unread, unseen, seq

    def _changed_counts(self) -> bytes:
        counts = (self.unread, self.unseen)
        if counts == self._told:
            return b""
        self._told = counts
        return frames.counts(*counts)
