"""/inbox/{itemId}, /inbox/{itemId}/actions"""

from uuid import UUID

from litestar import Controller, Response, delete, post
from litestar.params import FromPath

from app.http.dependencies import Injected
from app.http.envelope import Envelope, ok
from app.http.guards import requires_subscriber
from app.http.idempotency import idempotency_of
from app.http.inbox.schemas import InboxItemBody, item_body
from app.http.inbox.verb import verb_of
from app.http.requests import ApiRequest
from app.http.wire import PathId
from application.inbox.delete_item import DeleteItem
from application.inbox.mark_action import MarkAction
from domain.inbox.item import ActionState, InboxActionNotFound, InboxItemNotFound
from domain.subscribers.subscriber import SubscriberNotFound

ACTIONS = {"complete": ActionState.COMPLETED, "revert": ActionState.OPEN}


class InboxActionsController(Controller):
    """What a subscriber does about one item, beyond marks."""

    path = "/inbox"
    tags = ("Inbox",)
    guards = (requires_subscriber,)

    @post(
        [f"/{{item_id:uuid}}/actions/{{action_id:str}}/{verb}" for verb in ACTIONS],
        summary="Complete an action of an item, or open it again",
        status_code=200,
        idempotent=True,
        errors=(InboxItemNotFound, InboxActionNotFound, SubscriberNotFound),
    )
    async def mark_action(
        self, request: ApiRequest, item_id: FromPath[UUID], action_id: PathId, mark_action: Injected[MarkAction]
    ) -> Response[Envelope[InboxItemBody]]:
        """The server keeps it, and open tabs learn of it at once. Completed twice is completed once."""
        state = ACTIONS[verb_of(request)]
        answer = await mark_action(request.auth, item_id, action_id, state, idempotency_of(request))
        return ok(item_body(answer.view), replayed=answer.replayed)

    @delete("/{item_id:uuid}", summary="Delete an item", errors=(InboxItemNotFound, SubscriberNotFound))
    async def delete_item(
        self, request: ApiRequest, item_id: FromPath[UUID], delete_item: Injected[DeleteItem]
    ) -> None:
        """Gone from the inbox for good; its delivery stays what it was. Open tabs learn of it at once."""
        await delete_item(request.auth, item_id)
