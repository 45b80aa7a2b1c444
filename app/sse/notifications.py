"""/sse/notifications"""

from typing import Annotated

from litestar import Controller, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from msgspec import Meta, Struct
from sse_starlette import EventSourceResponse

from app.http.dependencies import Injected
from app.http.guards import requires_stream
from app.http.middleware.timeout import STREAM
from app.http.query import read_query
from app.http.requests import ApiRequest
from app.sse.response import StreamResponse
from application.realtime.open_stream import OpenStream
from domain.realtime.errors import TooManyStreams
from domain.shared.errors import Unavailable
from domain.subscribers.subscriber import SubscriberNotFound

LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID", description="Sent by browsers that reconnect by themselves; wins over `lastEventId`."
    ),
]
EVENTS = ResponseSpec(
    data_container=str,
    generate_examples=False,
    media_type=STREAM,
    description=(
        "Events with an id: `notification_received` (an inbox item) and `notification_updated` (what changed of one, "
        "or of all that match a filter). Without: `unread_count_changed` and `shutdown`. After `reset` some were "
        "missed: fetch the inbox anew."
    ),
)


class StreamQuery(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where to go on."""

    last_event_id: Annotated[
        str | None,
        Meta(description="The last event that was seen: its id, or `meta.streamCursor` of the inbox."),
    ] = None


class StreamController(Controller):
    """Mounted at the root and below the API's prefix alike."""

    path = "/sse/notifications"
    tags = ("Inbox",)

    @get(
        summary="Follow the inbox live",
        media_type=STREAM,
        guards=[requires_stream],
        query=StreamQuery,
        responses={200: EVENTS},
        errors=(SubscriberNotFound, TooManyStreams, Unavailable),
    )
    async def open_stream(
        self, request: ApiRequest, open_stream: Injected[OpenStream], last_event_id: LastEventId = None
    ) -> EventSourceResponse:
        """Server-sent events: what was missed since the last event seen, then what happens from now on. A place that
        is not known, or not any more, is answered by `reset` and never by an error.
        """
        position = last_event_id or read_query(request.scope["query_string"], StreamQuery).last_event_id
        return StreamResponse(await open_stream(request.auth, position))
