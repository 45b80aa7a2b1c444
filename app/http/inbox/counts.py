"""/inbox/counts"""

from litestar import Controller, Response, post
from litestar.params import JSONBody

from app.http.dependencies import Injected
from app.http.envelope import Envelope, ok
from app.http.guards import requires_subscriber
from app.http.inbox.filters import counted_filters
from app.http.inbox.schemas import CountFiltersBody, FilterCountBody, filter_count_body
from app.http.requests import ApiRequest
from application.inbox.queries import CountInboxFilters
from domain.subscribers.subscriber import SubscriberNotFound


class InboxCountsController(Controller):
    """Many counts for one request: a badge for each tab of an inbox."""

    path = "/inbox"
    tags = ("Inbox",)
    guards = (requires_subscriber,)

    @post("/counts", summary="Count items by several filters", status_code=200, errors=(SubscriberNotFound,))
    async def count_inbox_filters(
        self, request: ApiRequest, data: JSONBody[CountFiltersBody], count_inbox_filters: Injected[CountInboxFilters]
    ) -> Response[Envelope[list[FilterCountBody]]]:
        """One count for each filter, in their order, all of the same moment."""
        counts = await count_inbox_filters(request.auth, counted_filters(data))
        return ok([filter_count_body(one) for one in counts])
