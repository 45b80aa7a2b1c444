"""The inbox as JSON."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct, field

from app.http.envelope import PageMeta
from app.http.idempotency import idempotency_of
from app.http.notifications.answers import StoredActionBody
from app.http.notifications.schemas import FreeJson
from app.http.query import PageQuery
from app.http.requests import ApiRequest
from app.http.wire import Identifier, Moment, Tags, Time, instant, shaped
from application.inbox.mark_inbox import MarkInboxCommand
from application.inbox.ports import InboxFilter
from application.inbox.views import InboxCounts, InboxCountsView, InboxPage
from application.inbox.wire import wire_item
from domain.inbox.item import InboxItem, Mark
from domain.notifications.content import Severity
from domain.shared.problems import Problems


class InboxQuery(PageQuery, kw_only=True, rename="camel"):
    """Any of each list. Archived and snoozed items are hidden unless asked for."""

    read: bool | None = None
    seen: bool | None = None
    archived: bool = False
    snoozed: bool = False
    tags: tuple[Identifier, ...] = ()
    severity: tuple[Severity, ...] = ()


class InboxItemBody(Struct, kw_only=True, rename="camel"):
    """An in-app delivery as the subscriber sees it. The same document as in the stream."""

    id: UUID
    notification_id: UUID
    workflow: str | None
    title: str
    body: str
    data: FreeJson
    actions: list[StoredActionBody]
    avatar: str | None
    redirect: str | None
    severity: Severity
    tags: list[str]
    actor: str | None
    seen: bool
    read: bool
    archived: bool
    snoozed_until: Time | None
    seen_at: Time | None
    read_at: Time | None
    archived_at: Time | None
    created_at: Time
    updated_at: Time


class InboxMeta(PageMeta, frozen=True, kw_only=True, rename="camel"):
    """A stream that is opened with `streamCursor` as its `lastEventId` leaves no hole after these items."""

    stream_cursor: str


class InboxListing(Struct, kw_only=True, rename="camel"):
    """One page of the inbox, newest first."""

    status_code: int
    message: str
    data: list[InboxItemBody]
    meta: InboxMeta


class CountBody(Struct, kw_only=True):
    """Items that are neither archived nor snoozed."""

    unread: int
    unseen: int
    total: int


class SeverityCountsBody(Struct, kw_only=True):
    """Each severity on its own."""

    none: CountBody
    low: CountBody
    medium: CountBody
    high: CountBody


class InboxCountsBody(Struct, kw_only=True):
    """Over all, and by severity."""

    unread: int
    unseen: int
    total: int
    severity: SeverityCountsBody


class SnoozeBody(Struct, forbid_unknown_fields=True):
    """When the item comes back."""

    until: Moment


class MarkAllBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which items to mark: those with any of the tags and any of the severities; all without."""

    tags: Tags = []
    severity: Annotated[list[Severity], Meta(max_length=len(Severity))] = field(default_factory=list)


class UpdatedBody(Struct, kw_only=True):
    """How many items changed."""

    updated: int


def inbox_filter(query: InboxQuery) -> InboxFilter:
    """Which items to list."""
    return InboxFilter(
        read=query.read,
        seen=query.seen,
        archived=query.archived,
        snoozed=query.snoozed,
        tags=query.tags,
        severities=tuple(severity.value for severity in query.severity),
    )


def mark_all_command(request: ApiRequest, mark: Mark, body: MarkAllBody) -> MarkInboxCommand:
    """Marking everything that matches."""
    return MarkInboxCommand(
        principal=request.auth,
        mark=mark,
        tags=tuple(body.tags),
        severities=tuple(severity.value for severity in body.severity),
        idempotency=idempotency_of(request, body),
    )


def until_of(body: SnoozeBody) -> datetime:
    """When the item comes back, in UTC."""
    problems = Problems()
    until = instant(body.until, "until", problems)
    problems.refuse()
    return until or body.until


def item_body(item: InboxItem) -> InboxItemBody:
    """An item as it is answered: what the stream would say, typed."""
    return shaped(wire_item(item), InboxItemBody)


def inbox_listing(page: InboxPage) -> Response[InboxListing]:
    """200 with a page of the inbox."""
    meta = InboxMeta(limit=page.limit, next_cursor=page.next_cursor, stream_cursor=str(page.stream_cursor))
    return Response(
        InboxListing(status_code=200, message="OK", data=[item_body(item) for item in page.items], meta=meta)
    )


def counts_body(view: InboxCountsView) -> InboxCountsBody:
    """The counts as they are answered."""
    by_severity = {severity: _count(counts) for severity, counts in view.by_severity.items()}
    overall = view.overall
    return InboxCountsBody(
        unread=overall.unread,
        unseen=overall.unseen,
        total=overall.total,
        severity=SeverityCountsBody(**by_severity),
    )


def _count(counts: InboxCounts) -> CountBody:
    return CountBody(unread=counts.unread, unseen=counts.unseen, total=counts.total)
