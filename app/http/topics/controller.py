"""/topics"""

from litestar import Controller, Response, delete, get, post, put
from litestar.params import JSONBody

from app.http.dependencies import Injected
from app.http.envelope import Envelope, created, ok
from app.http.guards import requires
from app.http.idempotency import idempotency_of
from app.http.requests import ApiRequest
from app.http.topics.schemas import AddedMembersBody, MembersBody, PutTopicBody, TopicBody, added_body, topic_body
from app.http.wire import PathId
from application.topics.add_topic_subscribers import AddTopicSubscribers
from application.topics.delete_topic import DeleteTopic
from application.topics.put_topic import PutTopic
from application.topics.queries import GetTopic
from application.topics.remove_topic_subscribers import RemoveTopicSubscribers
from domain.identity.scopes import Scope
from domain.topics.topic import TopicNotFound


class TopicsController(Controller):
    """Named groups of subscribers."""

    path = "/topics/{key:str}"
    tags = ("Topics",)

    @put(summary="Create or rename a topic", guards=[requires(Scope.TOPICS_WRITE)], creates=True)
    async def put_topic(
        self, request: ApiRequest, key: PathId, data: JSONBody[PutTopicBody], put_topic: Injected[PutTopic]
    ) -> Response[Envelope[TopicBody]]:
        """Its subscribers stay."""
        view, new = await put_topic(request.auth, key, data.name)
        return created(topic_body(view), new=new)

    @get(summary="Read a topic", guards=[requires(Scope.TOPICS_READ)], errors=(TopicNotFound,))
    async def get_topic(
        self, request: ApiRequest, key: PathId, get_topic: Injected[GetTopic]
    ) -> Response[Envelope[TopicBody]]:
        """With the number of its subscribers."""
        return ok(topic_body(await get_topic(request.auth, key)))

    @delete(summary="Remove a topic", guards=[requires(Scope.TOPICS_WRITE)], errors=(TopicNotFound,))
    async def delete_topic(self, request: ApiRequest, key: PathId, delete_topic: Injected[DeleteTopic]) -> None:
        """Its subscribers stay subscribers."""
        await delete_topic(request.auth, key)

    @post(
        "/subscribers",
        summary="Join subscribers to a topic",
        status_code=200,
        guards=[requires(Scope.TOPICS_WRITE)],
        idempotent=True,
        errors=(TopicNotFound,),
    )
    async def add_topic_subscribers(
        self,
        request: ApiRequest,
        key: PathId,
        data: JSONBody[MembersBody],
        add_topic_subscribers: Injected[AddTopicSubscribers],
    ) -> Response[Envelope[AddedMembersBody]]:
        """An unknown subscriber is created bare."""
        idempotency = idempotency_of(request, data)
        answer = await add_topic_subscribers(request.auth, key, data.subscriber_ids, idempotency)
        return ok(added_body(answer.view), replayed=answer.replayed)

    @delete(
        "/subscribers",
        summary="Part subscribers from a topic",
        guards=[requires(Scope.TOPICS_WRITE)],
        errors=(TopicNotFound,),
    )
    async def remove_topic_subscribers(
        self,
        request: ApiRequest,
        key: PathId,
        data: JSONBody[MembersBody],
        remove_topic_subscribers: Injected[RemoveTopicSubscribers],
    ) -> None:
        """One that is not in it is passed over."""
        await remove_topic_subscribers(request.auth, key, data.subscriber_ids)
