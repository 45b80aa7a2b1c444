"""Catching up with streams."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from application.shared.system_scope import SystemScope
from domain.realtime.stream import LoggedUpdate, StreamHead


class StreamReader(Protocol):
    """System-scoped reads outside any transaction; holds no connection between calls."""

    async def heads(self, scope: SystemScope, stream_ids: Collection[UUID]) -> Mapping[UUID, StreamHead]:
        """Where each of the streams stands; one that does not exist is left out."""
        ...

    async def read(
        self, scope: SystemScope, stream_id: UUID, epoch: int, after_seq: int, limit: int
    ) -> list[LoggedUpdate]:
        """At most `limit` updates after a place, in order; empty for another epoch."""
        ...
