"""Writing to subscribers' streams."""

from typing import Protocol

from domain.realtime.stream import StreamUpdate


class StreamLog(Protocol):
    """Collects updates; they get their place as the last statements of the transaction, so that places are in commit
    order.
    """

    def push(self, update: StreamUpdate) -> None:
        """Add an update. `data` is wire JSON (camelCase keys); times and UUIDs in it are encoded for it.

        One for a stream that is not there at the commit, or is another tenant's, is dropped.
        """
        ...
