"""/sse/tickets"""

from litestar import Controller, Response, post
from msgspec import Struct

from app.http.dependencies import Injected
from app.http.envelope import Envelope, created
from app.http.guards import requires_subscriber
from app.http.requests import ApiRequest
from app.http.wire import Time, time_text
from application.realtime.issue_ticket import IssueTicket


class TicketBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """For `?ticket=`; shown once."""

    ticket: str
    expires_at: Time


class TicketsController(Controller):
    """For browsers, whose EventSource cannot send a header."""

    path = "/sse/tickets"
    tags = ("Inbox",)

    @post(summary="Get a ticket for one stream", status_code=201, guards=[requires_subscriber])
    async def issue_ticket(
        self, request: ApiRequest, issue_ticket: Injected[IssueTicket]
    ) -> Response[Envelope[TicketBody]]:
        """It opens one stream of the caller within 30 seconds. After an `error` close the EventSource, get another
        ticket and open it anew with `lastEventId`.
        """
        view = await issue_ticket(request.auth)
        return created(TicketBody(ticket=view.ticket, expires_at=time_text(view.expires_at)))
