"""Asking for the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from application.inbox.ports import InboxReader
from application.inbox.recipient import recipient_of
from application.inbox.views import FilterCountView, InboxCounts, InboxCountsView, InboxPage
from application.ports.cursor_signer import CursorSigner
from application.subscribers.ports import SubscriberReader
from domain.identity.principal import Principal
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem
from domain.notifications.content import Severity
from domain.realtime.cursor import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInbox:
    """The subscriber's items, newest first, and where its stream stood in the same snapshot."""

    inbox: InboxReader
    subscribers: SubscriberReader
    cursors: CursorSigner

    async def __call__(self, principal: Principal, wanted: InboxFilter, *, cursor: str | None, limit: int) -> InboxPage:
        recipient_id = await recipient_of(principal, self.subscribers)
        name = f"inbox/{recipient_id}"
        before = None
        if cursor is not None:
            place = self.cursors.verify(cursor, tenant_id=principal.tenant_id, list_name=name)
            before = datetime.fromtimestamp(int(place["at"]) / 1_000_000, UTC), UUID(str(place["id"]))
        items, head = await self.inbox.page(principal.tenant_id, recipient_id, wanted, before=before, limit=limit + 1)
        following = None
        if len(items) > limit:
            following = self.cursors.sign(_place(items[limit - 1]), tenant_id=principal.tenant_id, list_name=name)
        return InboxPage(
            items=items[:limit],
            limit=limit,
            next_cursor=following,
            stream_cursor=head.cursor if head else Cursor(0, 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountInbox:
    """How many items are unread, unseen and there at all, over all and by severity: of what is listed, or matches."""

    inbox: InboxReader
    subscribers: SubscriberReader

    async def __call__(self, principal: Principal, *, wanted: InboxFilter | None = None) -> InboxCountsView:
        recipient_id = await recipient_of(principal, self.subscribers)
        found = await self.inbox.counts(principal.tenant_id, recipient_id, wanted)
        by_severity = {severity.value: found.get(severity.value, InboxCounts()) for severity in Severity}
        return InboxCountsView(
            overall=InboxCounts(
                unread=sum(counts.unread for counts in by_severity.values()),
                unseen=sum(counts.unseen for counts in by_severity.values()),
                total=sum(counts.total for counts in by_severity.values()),
            ),
            by_severity=by_severity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountInboxFilters:
    """How many items match each of several filters, all at the same moment."""

    inbox: InboxReader
    subscribers: SubscriberReader

    async def __call__(self, principal: Principal, filters: Sequence[InboxFilter]) -> list[FilterCountView]:
        recipient_id = await recipient_of(principal, self.subscribers)
        found = await self.inbox.counts_of(principal.tenant_id, recipient_id, filters)
        return [FilterCountView(filter=wanted, count=count) for wanted, count in zip(filters, found, strict=True)]


def _place(item: InboxItem) -> dict[str, str | int]:
    moment = item.surfaced_at
    return {"at": int(moment.timestamp()) * 1_000_000 + moment.microsecond, "id": str(item.id)}
