"""/deliveries"""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.http.dependencies import Injected
from app.http.envelope import Envelope, Listing, accepted, listing, ok
from app.http.guards import requires
from app.http.idempotency import idempotency_of
from app.http.notifications.answers import DeliveryBody, delivery_body
from app.http.query import PageQuery, read_query
from app.http.requests import ApiRequest
from app.http.wire import Identifier, Moment, Word, instant, shaped
from application.notifications.get_delivery import GetDelivery
from application.notifications.list_dead_letters import ListDeadLetters
from application.notifications.ports import DeadLetterFilter
from application.notifications.redrive_deliveries import RedriveDeliveries
from application.notifications.redrive_delivery import RedriveDelivery
from application.shared.cursors import InvalidCursor
from domain.identity.scopes import Scope
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.redrive import DeliveryNotFound, NotRedrivable
from domain.shared.problems import Problems

MOST = Meta(max_length=100)
FAILED = (DeliveryStatus.FAILED,)


class DeadLetterQuery(PageQuery, kw_only=True, rename="camel"):
    """Any of each list, those that failed where no `status` is given; times are exclusive bounds."""

    status: tuple[DeliveryStatus, ...] = FAILED
    channel: tuple[Channel, ...] = ()
    reason: tuple[Word, ...] = ()
    subscriber: tuple[Identifier, ...] = ()
    workflow: tuple[Identifier, ...] = ()
    created_after: Moment | None = None
    created_before: Moment | None = None


class RedriveDeliveriesBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which deliveries to redrive, in the words of the list: all that failed without a field."""

    status: Annotated[tuple[DeliveryStatus, ...], Meta(min_length=1, max_length=len(DeliveryStatus))] = FAILED
    channel: Annotated[tuple[Channel, ...], Meta(max_length=len(Channel))] = ()
    reason: Annotated[tuple[Word, ...], MOST] = ()
    subscriber: Annotated[tuple[Identifier, ...], MOST] = ()
    workflow: Annotated[tuple[Identifier, ...], MOST] = ()
    created_after: Moment | None = None
    created_before: Moment | None = None


class RedrivenBody(Struct, kw_only=True):
    """How many deliveries are being redriven."""

    redriven: int


class DeadLettersController(Controller):
    """Deliveries over all notifications: what failed, why, and once more."""

    path = "/deliveries"
    tags = ("Notifications",)

    @get(
        summary="List deliveries that came to nothing",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        query=DeadLetterQuery,
        errors=(InvalidCursor,),
    )
    async def list_dead_letters(
        self, request: ApiRequest, list_dead_letters: Injected[ListDeadLetters]
    ) -> Response[Listing[DeliveryBody]]:
        """Newest first, each with its attempts: those that failed, unless `status` names others. A comma means or."""
        query = read_query(request.scope["query_string"], DeadLetterQuery)
        page = await list_dead_letters(request.auth, _filter(query), cursor=query.cursor, limit=query.limit)
        return listing(page, delivery_body)

    @get(
        "/{delivery_id:uuid}",
        summary="Read a delivery",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        errors=(DeliveryNotFound,),
    )
    async def get_delivery(
        self, request: ApiRequest, delivery_id: FromPath[UUID], get_delivery: Injected[GetDelivery]
    ) -> Response[Envelope[DeliveryBody]]:
        """With its attempts."""
        return ok(delivery_body(await get_delivery(request.auth, delivery_id)))

    @post(
        "/{delivery_id:uuid}/redrive",
        summary="Redrive a delivery",
        status_code=202,
        guards=[requires(Scope.NOTIFICATIONS_WRITE)],
        idempotent=True,
        errors=(DeliveryNotFound, NotRedrivable),
    )
    async def redrive_delivery(
        self, request: ApiRequest, delivery_id: FromPath[UUID], redrive_delivery: Injected[RedriveDelivery]
    ) -> Response[Envelope[DeliveryBody]]:
        """Answers a new delivery, whose `replayOf` is this one, which stays as it was; twice is once. For what failed,
        expired, or was suppressed for want of an address or since its endpoint was switched off.
        """
        answer = await redrive_delivery(request.auth, delivery_id, idempotency=idempotency_of(request))
        return accepted(delivery_body(answer.view), replayed=answer.replayed)

    @post(
        "/redrive",
        summary="Redrive deliveries by filter",
        status_code=202,
        guards=[requires(Scope.NOTIFICATIONS_WRITE)],
        idempotent=True,
        example={"channel": ["email"], "reason": ["rounds_exhausted"], "createdAfter": "2026-11-20T09:00:00Z"},
    )
    async def redrive_deliveries(
        self,
        request: ApiRequest,
        data: JSONBody[RedriveDeliveriesBody],
        redrive_deliveries: Injected[RedriveDeliveries],
    ) -> Response[Envelope[RedrivenBody]]:
        """Each that can be and was not redriven before, the newest 10,000 at most: `redriven` says how many. They are
        written shortly after.
        """
        answer = await redrive_deliveries(request.auth, _filter(data), idempotency=idempotency_of(request, data))
        return accepted(shaped(answer.view, RedrivenBody), replayed=answer.replayed)


def _filter(wanted: DeadLetterQuery | RedriveDeliveriesBody) -> DeadLetterFilter:
    problems = Problems()
    after = instant(wanted.created_after, "createdAfter", problems)
    before = instant(wanted.created_before, "createdBefore", problems)
    problems.refuse()
    return DeadLetterFilter(
        statuses=tuple(status.value for status in wanted.status),
        channels=tuple(channel.value for channel in wanted.channel),
        reasons=wanted.reason,
        subscribers=wanted.subscriber,
        workflows=wanted.workflow,
        created_after=after,
        created_before=before,
    )
