"""A stream log in memory, and what its commits would tell."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from application.ports.stream_hints import StreamHint
from application.ports.stream_reader import StreamReader
from application.shared.system_scope import SystemScope
from domain.realtime.stream import LoggedUpdate, StreamHead


@dataclass(slots=True)
class LoggedStream:
    epoch: int = 1_000
    seq: int = 0
    unread: int = 0
    updates: list[LoggedUpdate] = field(default_factory=list)

    @property
    def oldest_seq(self) -> int:
        return self.updates[0].seq if self.updates else self.seq + 1


class MemoryStreamLog(StreamReader):
    """Commits at once and counts what it is asked. Answers take time: others may commit before and after."""

    def __init__(self) -> None:
        self.streams: dict[UUID, LoggedStream] = {}
        self.heads_asked: list[int] = []
        self.pages_read = 0
        self.failure: Exception | None = None

    def commit(self, stream_id: UUID, text: str = "", *, kind: str = "notification_received") -> StreamHint:
        """Append an update; the hint is what the publisher would send."""
        stream = self.streams[stream_id]
        stream.seq += 1
        stream.unread += 1
        data = json.dumps({"n": stream.seq, "text": text}).encode()
        stream.updates.append(LoggedUpdate(seq=stream.seq, kind=kind, data=data))
        return StreamHint(
            stream_id=stream_id,
            epoch=stream.epoch,
            seq=stream.seq,
            unread=stream.unread,
            unseen=0,
            kind=kind,
            data=data,
        )

    def evict(self, stream_id: UUID, keep: int = 0) -> None:
        stream = self.streams[stream_id]
        stream.updates = stream.updates[len(stream.updates) - keep :] if keep else []

    def restore(self, stream_id: UUID) -> None:
        """As after a backup was played back: another history."""
        stream = self.streams[stream_id]
        self.streams[stream_id] = LoggedStream(epoch=stream.epoch + 1, seq=0, unread=0)

    async def heads(self, scope: SystemScope, stream_ids: Collection[UUID]) -> Mapping[UUID, StreamHead]:
        self.heads_asked.append(len(stream_ids))
        await asyncio.sleep(0)
        self._fail()
        heads = {
            stream_id: StreamHead(
                stream_id=stream_id,
                epoch=stream.epoch,
                seq=stream.seq,
                unread=stream.unread,
                unseen=0,
                oldest_seq=stream.oldest_seq,
            )
            for stream_id in stream_ids
            if (stream := self.streams.get(stream_id)) is not None
        }
        await asyncio.sleep(0)
        return heads

    async def read(
        self, scope: SystemScope, stream_id: UUID, epoch: int, after_seq: int, limit: int
    ) -> list[LoggedUpdate]:
        self.pages_read += 1
        await asyncio.sleep(0)
        self._fail()
        stream = self.streams.get(stream_id)
        known = stream.updates if stream is not None and stream.epoch == epoch else []
        page = [update for update in known if update.seq > after_seq][:limit]
        await asyncio.sleep(0)
        return page

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
