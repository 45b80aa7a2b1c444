"""/inbox"""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody

from app.http.dependencies import Injected
from app.http.envelope import Envelope, ok
from app.http.guards import requires_subscriber
from app.http.idempotency import idempotency_of
from app.http.inbox.schemas import (
    InboxCountsBody,
    InboxItemBody,
    InboxListing,
    InboxQuery,
    MarkAllBody,
    SnoozeBody,
    UpdatedBody,
    counts_body,
    inbox_filter,
    inbox_listing,
    item_body,
    mark_all_command,
    until_of,
)
from app.http.query import read_query
from app.http.requests import ApiRequest
from application.inbox.mark_inbox import MarkInbox
from application.inbox.mark_item import MarkItem
from application.inbox.queries import CountInbox, ListInbox
from application.inbox.snooze_item import SnoozeItem
from application.shared.cursors import InvalidCursor
from domain.inbox.item import InboxItemNotFound, Mark
from domain.subscribers.subscriber import SubscriberNotFound

MARKS = [f"/{{item_id:uuid}}/{mark.value}" for mark in Mark]
MARKS_OF_ALL = [f"/{mark.value}-all" for mark in (Mark.SEEN, Mark.READ, Mark.ARCHIVE)]


class InboxController(Controller):
    """What a subscriber was told in the app. The credential says whose inbox it is."""

    path = "/inbox"
    tags = ("Inbox",)
    guards = (requires_subscriber,)

    @get(summary="List inbox items", query=InboxQuery, errors=(InvalidCursor, SubscriberNotFound))
    async def list_inbox(self, request: ApiRequest, list_inbox: Injected[ListInbox]) -> Response[InboxListing]:
        """Newest first. A stream that is opened with `meta.streamCursor` leaves no hole after these items."""
        query = read_query(request.scope["query_string"], InboxQuery)
        return inbox_listing(
            await list_inbox(request.auth, inbox_filter(query), cursor=query.cursor, limit=query.limit)
        )

    @get("/count", summary="Count inbox items", errors=(SubscriberNotFound,))
    async def count_inbox(
        self, request: ApiRequest, count_inbox: Injected[CountInbox]
    ) -> Response[Envelope[InboxCountsBody]]:
        """Unread, unseen and all that is neither archived nor snoozed, over all and by severity."""
        return ok(counts_body(await count_inbox(request.auth)))

    @post(
        MARKS,
        summary="Mark an item",
        status_code=200,
        idempotent=True,
        errors=(InboxItemNotFound, SubscriberNotFound),
    )
    async def mark_item(
        self, request: ApiRequest, item_id: FromPath[UUID], mark_item: Injected[MarkItem]
    ) -> Response[Envelope[InboxItemBody]]:
        """Read implies seen; archive implies read. A mark twice is a mark once. Open tabs learn of it at once."""
        answer = await mark_item(request.auth, item_id, Mark(_verb(request)), idempotency_of(request))
        return ok(item_body(answer.view), replayed=answer.replayed)

    @post(
        "/{item_id:uuid}/snooze",
        summary="Snooze an item",
        status_code=200,
        idempotent=True,
        errors=(InboxItemNotFound, SubscriberNotFound),
    )
    async def snooze_item(
        self,
        request: ApiRequest,
        item_id: FromPath[UUID],
        data: JSONBody[SnoozeBody],
        snooze_item: Injected[SnoozeItem],
    ) -> Response[Envelope[InboxItemBody]]:
        """Hidden until then, when it comes back on top of the list."""
        answer = await snooze_item(request.auth, item_id, until_of(data), idempotency_of(request, data))
        return ok(item_body(answer.view), replayed=answer.replayed)

    @post(MARKS_OF_ALL, summary="Mark all items", status_code=200, idempotent=True, errors=(SubscriberNotFound,))
    async def mark_inbox(
        self, request: ApiRequest, mark_inbox: Injected[MarkInbox], data: JSONBody[MarkAllBody | None] = None
    ) -> Response[Envelope[UpdatedBody]]:
        """All that are neither archived nor snoozed and match; without a body, all of them."""
        mark = Mark(_verb(request).removesuffix("-all"))
        answer = await mark_inbox(mark_all_command(request, mark, data or MarkAllBody()))
        return ok(UpdatedBody(updated=answer.view.updated), replayed=answer.replayed)


def _verb(request: ApiRequest) -> str:
    return str(request.scope["path_template"]).rpartition("/")[2]
