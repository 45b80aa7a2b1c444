"""What waits for one slow reader."""

import asyncio

# One write: as much as a server takes before it makes the writer wait.
MOST_AT_ONCE = 65_536


class Backlog:
    """Chunks in order, bounded by events and bytes; who overflows it is disconnected and replays on return."""

    __slots__ = ("_chunks", "_events", "_most_bytes", "_most_events", "_size", "emptied")

    def __init__(self, most_events: int, most_bytes: int) -> None:
        self.emptied = asyncio.Event()
        self._chunks: list[tuple[bytes, int]] = []
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._events = 0
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, chunk: bytes, events: int) -> bool:
        """False when there is no room."""
        if self._events + events > self._most_events or self._size + len(chunk) > self._most_bytes:
            return False
        self._chunks.append((chunk, events))
        self._events += events
        self._size += len(chunk)
        return True

    def take(self) -> bytes:
        """The oldest chunks as one; at least one of them."""
        size = taken = 0
        for chunk, _ in self._chunks:
            if taken and size + len(chunk) > MOST_AT_ONCE:
                break
            size += len(chunk)
            taken += 1
        parts, self._chunks = self._chunks[:taken], self._chunks[taken:]
        self._size -= size
        self._events -= sum(events for _, events in parts)
        return b"".join(chunk for chunk, _ in parts)
