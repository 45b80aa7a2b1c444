"""/subscribers"""

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody
from msgspec import Raw

from app.http.dependencies import Injected
from app.http.envelope import Envelope, Listing, accepted, created, listing, ok
from app.http.guards import requires
from app.http.query import PageQuery, read_query
from app.http.requests import ApiRequest
from app.http.subscribers.schemas import (
    BulkSubscriberBody,
    BulkSubscriberFields,
    PatchSubscriberBody,
    PutSubscriberBody,
    PutSubscribersBody,
    SubscriberBody,
    TokenBody,
    bulk_command,
    bulk_items,
    put_command,
    subscriber_body,
    token_body,
)
from app.http.wire import PathId
from application.shared.cursors import InvalidCursor
from application.subscribers.delete_subscriber import DeleteSubscriber
from application.subscribers.issue_subscriber_token import IssueSubscriberToken
from application.subscribers.patch_subscriber import PatchSubscriber
from application.subscribers.put_subscriber import PutSubscriber
from application.subscribers.put_subscribers import PutSubscribers
from application.subscribers.queries import GetSubscriber, ListSubscribers
from domain.identity.scopes import Scope
from domain.subscribers.subscriber import SubscriberNotFound


class SubscribersController(Controller):
    """Who is notified, and how they are reached."""

    path = "/subscribers"
    tags = ("Subscribers",)

    @get(
        summary="List subscribers", guards=[requires(Scope.SUBSCRIBERS_READ)], query=PageQuery, errors=(InvalidCursor,)
    )
    async def list_subscribers(
        self, request: ApiRequest, list_subscribers: Injected[ListSubscribers]
    ) -> Response[Listing[SubscriberBody]]:
        """Newest first."""
        query = read_query(request.scope["query_string"], PageQuery)
        page = await list_subscribers(request.auth, cursor=query.cursor, limit=query.limit)
        return listing(page, subscriber_body)

    @post(
        "/bulk",
        summary="Create or change many subscribers",
        status_code=202,
        guards=[requires(Scope.SUBSCRIBERS_WRITE)],
        idempotent=True,
        body=PutSubscribersBody[BulkSubscriberFields],
        example={"subscribers": [{"subscriberId": "ada", "email": "ada@example.com", "timezone": "Europe/Berlin"}]},
    )
    async def put_subscribers(
        self, request: ApiRequest, data: JSONBody[PutSubscribersBody[Raw]], put_subscribers: Injected[PutSubscribers]
    ) -> Response[Envelope[list[BulkSubscriberBody]]]:
        """Each of up to 1,000 items has an answer at its index; one that is refused does not touch the others."""
        answer = await put_subscribers(bulk_command(request, data.subscribers))
        return accepted(bulk_items(request, answer.view.items), replayed=answer.replayed)

    @put(
        "/{subscriber_id:str}",
        summary="Create or replace a subscriber",
        guards=[requires(Scope.SUBSCRIBERS_WRITE)],
        creates=True,
    )
    async def put_subscriber(
        self,
        request: ApiRequest,
        subscriber_id: PathId,
        data: JSONBody[PutSubscriberBody],
        put_subscriber: Injected[PutSubscriber],
    ) -> Response[Envelope[SubscriberBody]]:
        """A field that is left out is cleared. The inbox and the stream stay as they are."""
        view, new = await put_subscriber(put_command(request, subscriber_id, data))
        return created(subscriber_body(view), new=new)

    @get(
        "/{subscriber_id:str}",
        summary="Read a subscriber",
        guards=[requires(Scope.SUBSCRIBERS_READ)],
        errors=(SubscriberNotFound,),
    )
    async def get_subscriber(
        self, request: ApiRequest, subscriber_id: PathId, get_subscriber: Injected[GetSubscriber]
    ) -> Response[Envelope[SubscriberBody]]:
        """Without the secrets of its contact points."""
        return ok(subscriber_body(await get_subscriber(request.auth, subscriber_id)))

    @patch(
        "/{subscriber_id:str}",
        summary="Change a subscriber",
        guards=[requires(Scope.SUBSCRIBERS_WRITE)],
        errors=(SubscriberNotFound,),
    )
    async def patch_subscriber(
        self,
        request: ApiRequest,
        subscriber_id: PathId,
        data: JSONBody[PatchSubscriberBody],
        patch_subscriber: Injected[PatchSubscriber],
    ) -> Response[Envelope[SubscriberBody]]:
        """A field that is left out stays; null clears one."""
        return ok(subscriber_body(await patch_subscriber(put_command(request, subscriber_id, data, partial=True))))

    @delete(
        "/{subscriber_id:str}",
        summary="Remove a subscriber",
        guards=[requires(Scope.SUBSCRIBERS_WRITE)],
        errors=(SubscriberNotFound,),
    )
    async def delete_subscriber(
        self, request: ApiRequest, subscriber_id: PathId, delete_subscriber: Injected[DeleteSubscriber]
    ) -> None:
        """With its contact points, memberships, inbox and stream. What waits to be sent to it is cancelled."""
        await delete_subscriber(request.auth, subscriber_id)

    @post(
        "/{subscriber_id:str}/tokens",
        summary="Issue a token for a subscriber's browser",
        status_code=201,
        guards=[requires(Scope.SUBSCRIBERS_TOKEN)],
        errors=(SubscriberNotFound,),
    )
    async def issue_subscriber_token(
        self,
        request: ApiRequest,
        subscriber_id: PathId,
        issue_subscriber_token: Injected[IssueSubscriberToken],
    ) -> Response[Envelope[TokenBody]]:
        """For this subscriber's inbox and stream alone. It cannot be called back before it ends."""
        return created(token_body(await issue_subscriber_token(request.auth, subscriber_id)))
