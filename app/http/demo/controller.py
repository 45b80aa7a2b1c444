"""The page at `/`, for the developer of this very machine."""

from litestar import Controller, Response, get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody

from app.http.demo.open_session import OpenDemoSession
from app.http.demo.schemas import NoteToSelfBody, OpenSessionBody, SessionBody, note_command
from app.http.dependencies import Injected
from app.http.envelope import Envelope, accepted, created
from app.http.guards import requires_subscriber
from app.http.local import Connection, addressed_locally, from_this_machine
from app.http.notifications.answers import AcceptedBody, accepted_body
from app.http.page_answers import page_answer
from app.http.requests import ApiRequest
from app.http.wire import time_text
from application.notifications.send_notification import SendNotification
from domain.shared.errors import NotFound


async def own_page_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: the caller sits at this machine, addresses it as such, and no other web page made it call.

    Programs send no Origin, pages cannot help sending it with a POST. To everyone else there is nothing here.
    """
    origin = connection.headers.get("origin")
    own = {f"{connection.scope['scheme']}://{connection.headers.get('host', '')}", None}
    if not (from_this_machine(connection) and addressed_locally(connection) and origin in own):
        raise NotFound


class DemoPage(Controller):
    """Registered in `APP_ENV=local` on the loopback interface alone."""

    path = "/"
    guards = (own_page_only,)
    include_in_schema = False

    @get(media_type="text/html", public=True, any_query=True, rate_limit="exempt")
    async def show_inbox(self, request: ApiRequest) -> Response[bytes]:
        """The inbox of whoever is signed in."""
        return page_answer(request, "inbox.html")

    @get("/assets/{name:str}", media_type="*/*", public=True, any_query=True, rate_limit="exempt")
    async def show_asset(self, request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
        """What the page is made of."""
        return page_answer(request, name)

    @post("/demo/session", status_code=201, public=True, rate_limit="exempt")
    async def open_demo_session(
        self,
        request: ApiRequest,
        open_demo_session: Injected[OpenDemoSession],
        data: JSONBody[OpenSessionBody | None] = None,
    ) -> Response[Envelope[SessionBody]]:
        """A token for a subscriber."""
        name, token = await open_demo_session(data.subscriber_id if data else None)
        return created(SessionBody(token=token.token, expires_at=time_text(token.expires_at), subscriber_id=name))

    @post("/demo/notifications", status_code=202, guards=[requires_subscriber])
    async def send_note(
        self, request: ApiRequest, data: JSONBody[NoteToSelfBody], send_notification: Injected[SendNotification]
    ) -> Response[Envelope[AcceptedBody]]:
        """A notification to oneself."""
        answer = await send_notification(note_command(request, data))
        return accepted(accepted_body(answer.view), replayed=answer.replayed)
