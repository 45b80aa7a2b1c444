"""Reading inboxes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.inbox.views import InboxCounts
from domain.inbox.item import InboxItem
from domain.realtime.stream import StreamHead


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """None stands for "either"; an empty list for any. Archived and snoozed items are hidden unless asked for."""

    read: bool | None = None
    seen: bool | None = None
    archived: bool | None = False
    snoozed: bool | None = False
    tags: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()


class InboxReader(Protocol):
    """Reads of one tenant. `recipient_id` is the subscriber's own id (ours)."""

    async def page(
        self,
        tenant_id: str,
        recipient_id: UUID,
        wanted: InboxFilter,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> tuple[list[InboxItem], StreamHead | None]:
        """Items by `(surfaced_at, id)`, newest first, older than `before`, and the stream's head in the same
        snapshot.
        """
        ...

    async def counts(self, tenant_id: str, recipient_id: UUID) -> Mapping[str, InboxCounts]:
        """By severity; one without items may be left out."""
        ...
