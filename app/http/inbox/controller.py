"""/inbox"""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody

from app.http.dependencies import Injected
from app.http.envelope import Envelope, ok
from app.http.guards import requires_subscriber
from app.http.idempotency import idempotency_of
from app.http.inbox.filters import asked_filter, mark_all_command
from app.http.inbox.schemas import (
    InboxCountQuery,
    InboxCountsBody,
    InboxFilterBody,
    InboxItemBody,
    InboxListing,
    InboxQuery,
    SnoozeBody,
    UpdatedBody,
    counts_body,
    inbox_listing,
    item_body,
    until_of,
)
from app.http.inbox.verb import verb_of
from app.http.requests import ApiRequest
from application.inbox.mark_inbox import MarkInbox
from application.inbox.mark_item import MarkItem
from application.inbox.queries import CountInbox, ListInbox
from application.inbox.snooze_item import SnoozeItem
from application.shared.cursors import InvalidCursor
from domain.inbox.item import InboxItemNotFound, Mark
from domain.subscribers.subscriber import SubscriberNotFound

MARKS = [f"/{{item_id:uuid}}/{mark.value}" for mark in Mark]
MARKS_OF_ALL = [f"/{mark.value}-all" for mark in Mark if mark is not Mark.UNSNOOZE]


class InboxController(Controller):
    """What a subscriber was told in the app. The credential says whose inbox it is."""

    path = "/inbox"
    tags = ("Inbox",)
    guards = (requires_subscriber,)

    @get(summary="List inbox items", query=InboxQuery, errors=(InvalidCursor, SubscriberNotFound))
    async def list_inbox(self, request: ApiRequest, list_inbox: Injected[ListInbox]) -> Response[InboxListing]:
        """Newest first. A stream that is opened with `meta.streamCursor` leaves no hole after these items."""
        query, wanted = asked_filter(request.scope["query_string"], InboxQuery)
        return inbox_listing(await list_inbox(request.auth, wanted, cursor=query.cursor, limit=query.limit))

    @get("/count", summary="Count inbox items", query=InboxCountQuery, errors=(SubscriberNotFound,))
    async def count_inbox(
        self, request: ApiRequest, count_inbox: Injected[CountInbox]
    ) -> Response[Envelope[InboxCountsBody]]:
        """Unread, unseen and all of what matches, over all and by severity."""
        _, wanted = asked_filter(request.scope["query_string"], InboxCountQuery)
        return ok(counts_body(await count_inbox(request.auth, wanted=wanted)))

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
        answer = await mark_item(request.auth, item_id, Mark(verb_of(request)), idempotency_of(request))
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
        self, request: ApiRequest, mark_inbox: Injected[MarkInbox], data: JSONBody[InboxFilterBody | None] = None
    ) -> Response[Envelope[UpdatedBody]]:
        """All that match. Without a body: all that are neither archived nor snoozed, or all that are archived."""
        mark = Mark(verb_of(request).removesuffix("-all"))
        answer = await mark_inbox(mark_all_command(request, mark, data or InboxFilterBody()))
        return ok(UpdatedBody(updated=answer.view.updated), replayed=answer.replayed)
