"""/notifications/{id}/timeline"""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct

from app.http.dependencies import Injected
from app.http.envelope import Listing, listing
from app.http.guards import requires
from app.http.notifications.schemas import FreeJson
from app.http.query import PageQuery, read_query
from app.http.requests import ApiRequest
from app.http.wire import Identifier, Time, shaped
from application.notifications.get_timeline import GetTimeline
from application.notifications.timeline import TimelineEntry
from application.shared.cursors import InvalidCursor
from domain.identity.scopes import Scope
from domain.notifications.channel import Channel
from domain.notifications.errors import NotificationNotFound


class TimelineQuery(PageQuery, kw_only=True, rename="camel"):
    """Of all recipients, or of one."""

    subscriber: Annotated[Identifier | None, Meta(description="What happened to this one alone.")] = None


class TimelineEntryBody(Struct, kw_only=True, rename="camel"):
    """One thing that happened: `text` says it in a sentence, `detail` in stable words, which depend on `kind`."""

    at: Time
    kind: str
    subscriber_id: str | None
    step: str | None
    channel: Channel | None
    delivery_id: UUID | None
    text: str
    detail: FreeJson


class TimelineController(Controller):
    """What happened to a notification, and why."""

    path = "/notifications"
    tags = ("Notifications",)

    @get(
        "/{notification_id:uuid}/timeline",
        summary="Read the timeline of a notification",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        query=TimelineQuery,
        errors=(InvalidCursor, NotificationNotFound),
    )
    async def get_timeline(
        self, request: ApiRequest, notification_id: FromPath[UUID], get_timeline: Injected[GetTimeline]
    ) -> Response[Listing[TimelineEntryBody]]:
        """The oldest entry first: steps, deliveries, each provider's own answer, what the subscriber did with it. Of
        more than 100 recipients totals are told, and what happened to one with `subscriber`.
        """
        query = read_query(request.scope["query_string"], TimelineQuery)
        page = await get_timeline(
            request.auth, notification_id, subscriber=query.subscriber, cursor=query.cursor, limit=query.limit
        )
        return listing(page, _body)


def _body(entry: TimelineEntry) -> TimelineEntryBody:
    return shaped(entry, TimelineEntryBody)
