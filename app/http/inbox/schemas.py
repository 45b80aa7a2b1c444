"""The inbox as JSON."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import Response
from msgspec import UNSET, Meta, Struct, UnsetType

from app.http.envelope import PageMeta
from app.http.notifications.schemas import FreeJson
from app.http.wire import Identifier, Moment, Time, Word, instant, shaped
from application.inbox.views import FilterCountView, InboxCounts, InboxCountsView, InboxPage
from application.inbox.wire import wire_filter, wire_item
from domain.inbox.item import ActionState, InboxItem
from domain.notifications.content import Severity
from domain.shared.problems import Problems

MOST_FILTERS: Final = 20
MOST_VALUES: Final = 20
# What fits in 64 bits: no store compares more.
_Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
DataFilter = Annotated[
    dict[Annotated[str, Meta(max_length=255)], str | _Whole | float | bool | None], Meta(max_length=MOST_VALUES)
]
TagGroup = Annotated[list[Word], Meta(min_length=1, max_length=MOST_VALUES)]


class InboxCountQuery(Struct, kw_only=True, rename="camel"):
    """Any of each list; times are exclusive bounds. Archived and snoozed items are hidden unless asked for."""

    read: bool | None = None
    seen: bool | None = None
    archived: bool = False
    snoozed: bool = False
    tags: Annotated[
        tuple[Word, ...],
        Meta(
            description="A comma means or, the parameter given again means and: `tags=a,b&tags=c`. In a tag, a comma "
            "is written `\\,` and a backslash `\\\\`."
        ),
    ] = ()
    severity: tuple[Severity, ...] = ()
    workflow: tuple[Identifier, ...] = ()
    data: (
        Annotated[
            str,
            Meta(
                max_length=2048,
                description='Fields at the top of the item\'s `data` and their values, as JSON: `{"orderId":42}`.',
            ),
        ]
        | None
    ) = None
    created_after: Moment | None = None
    created_before: Moment | None = None


class InboxQuery(InboxCountQuery, kw_only=True, rename="camel"):
    """The same, in pages."""

    limit: Annotated[int, Meta(ge=1, le=100, description="How many at most.")] = 20
    cursor: Annotated[str, Meta(max_length=2048, description="`meta.nextCursor` of the page before.")] | None = None


class InboxFilterBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which items are meant: those that fit everything that is said, any of each list. Times are exclusive bounds."""

    tags: Annotated[
        list[Word | TagGroup],
        Meta(
            max_length=MOST_VALUES, description="Tags of which an item has one; or lists, of each of which it has one."
        ),
    ] = []
    severity: Annotated[list[Severity], Meta(max_length=len(Severity))] = []
    read: bool | None = None
    seen: bool | None = None
    archived: Annotated[
        bool | UnsetType | None, Meta(description="null: either. Hidden without, save where archived items are meant.")
    ] = UNSET
    snoozed: Annotated[bool | None, Meta(description="null: either. Hidden without.")] = False
    workflow: Annotated[list[Identifier], Meta(max_length=MOST_VALUES)] = []
    data: Annotated[DataFilter, Meta(description="Fields at the top of the item's `data`, and their values.")] = {}
    created_after: Moment | None = None
    created_before: Moment | None = None


class CountFiltersBody(Struct, forbid_unknown_fields=True):
    """What to count, in the order of the answer."""

    filters: Annotated[list[InboxFilterBody], Meta(min_length=1, max_length=MOST_FILTERS)]


class InboxActionBody(Struct, kw_only=True, rename="camel"):
    """A button and its state; `completedAt` only while it is completed."""

    id: str
    label: str
    url: str | None = None
    state: ActionState = ActionState.OPEN
    completed_at: Time | UnsetType = UNSET


class InboxItemBody(Struct, kw_only=True, rename="camel"):
    """An in-app delivery as the subscriber sees it. The same document as in the stream."""

    id: UUID
    notification_id: UUID
    workflow: str | None
    title: str
    body: str
    data: FreeJson
    actions: list[InboxActionBody]
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
    """Items that match; what is archived or snoozed counts as neither unread nor unseen."""

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


class FilterCountBody(Struct, kw_only=True):
    """A filter, without what it leaves open, and what matches it."""

    filter: FreeJson
    count: CountBody


class UpdatedBody(Struct, kw_only=True):
    """How many items changed."""

    updated: int


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


def filter_count_body(view: FilterCountView) -> FilterCountBody:
    """The count of one filter as it is answered."""
    return FilterCountBody(filter=dict(wire_filter(view.filter)), count=_count(view.count))


def _count(counts: InboxCounts) -> CountBody:
    return CountBody(unread=counts.unread, unseen=counts.unseen, total=counts.total)
