"""Reading inboxes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.inbox.views import InboxCounts
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem
from domain.realtime.stream import StreamHead


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

    async def counts(
        self, tenant_id: str, recipient_id: UUID, wanted: InboxFilter | None = None
    ) -> Mapping[str, InboxCounts]:
        """Of what is wanted (without a filter: of what is listed), by severity; one without items may be left out."""
        ...

    async def counts_of(
        self, tenant_id: str, recipient_id: UUID, filters: Sequence[InboxFilter]
    ) -> Sequence[InboxCounts]:
        """One for each of at least one filter, in their order and all in the same snapshot."""
        ...
