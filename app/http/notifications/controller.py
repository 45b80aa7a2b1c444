"""/notifications"""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Raw

from app.http.dependencies import Injected
from app.http.envelope import Envelope, Listing, accepted, listing, ok
from app.http.guards import requires
from app.http.notifications.answers import (
    AcceptedBody,
    BulkItemBody,
    DeliveryBody,
    NotificationBody,
    accepted_body,
    bulk_items,
    delivery_body,
    notification_body,
)
from app.http.notifications.commands import bulk_command, delivery_filter, send_command
from app.http.notifications.find_notifications import FindNotifications
from app.http.notifications.queries import DeliveryQuery, NotificationQuery
from app.http.notifications.schemas import SendNotificationBody, SendNotificationsBody
from app.http.query import read_query
from app.http.requests import ApiRequest
from application.notifications.cancel_notification import CancelNotification
from application.notifications.queries import GetNotification, ListDeliveries
from application.notifications.send_notification import SendNotification
from application.notifications.send_notifications import SendNotifications
from application.shared.cursors import InvalidCursor
from domain.identity.scopes import Scope
from domain.notifications.errors import IntakeOverloaded, NotificationNotFound, TransactionConflict


class NotificationsController(Controller):
    """Sending, and asking what became of it."""

    path = "/notifications"
    tags = ("Notifications",)

    @post(
        summary="Notify subscribers, topics or everyone",
        status_code=202,
        guards=[requires(Scope.NOTIFICATIONS_WRITE)],
        idempotent=True,
        errors=(TransactionConflict, IntakeOverloaded),
        example={"to": ["ada"], "content": {"title": "Parcel 42 is on its way"}, "transactionId": "parcel-42-shipped"},
    )
    async def send_notification(
        self, request: ApiRequest, data: JSONBody[SendNotificationBody], send_notification: Injected[SendNotification]
    ) -> Response[Envelope[AcceptedBody]]:
        """Durable when answered. `transactionId` deduplicates for the life of the notification: a repeat is answered
        alike, another body under it is refused. An unknown subscriber is created bare.
        """
        answer = await send_notification(send_command(request, data))
        return accepted(accepted_body(answer.view), replayed=answer.replayed)

    @post(
        "/bulk",
        summary="Send many notifications at once",
        status_code=202,
        guards=[requires(Scope.NOTIFICATIONS_WRITE)],
        idempotent=True,
        body=SendNotificationsBody[SendNotificationBody],
        errors=(IntakeOverloaded,),
        example={"notifications": [{"to": ["ada"], "content": {"title": "Parcel 42 is on its way"}}]},
    )
    async def send_notifications(
        self,
        request: ApiRequest,
        data: JSONBody[SendNotificationsBody[Raw]],
        send_notifications: Injected[SendNotifications],
    ) -> Response[Envelope[list[BulkItemBody]]]:
        """Each of up to 1,000 items has an answer at its index; one that is refused does not touch the others. Under an
        `Idempotency-Key`, what cannot be taken right now is answered 503, and a repeat goes on there.
        """
        answer = await send_notifications(bulk_command(request, data.notifications))
        return accepted(bulk_items(request, answer.view.items), replayed=answer.replayed)

    @get(
        summary="List notifications",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        query=NotificationQuery,
        errors=(InvalidCursor, NotificationNotFound),
    )
    async def list_notifications(
        self, request: ApiRequest, find_notifications: Injected[FindNotifications]
    ) -> Response[Envelope[NotificationBody]] | Response[Listing[NotificationBody]]:
        """Newest first. A comma in a filter means or. With `transactionId` the answer is that one notification."""
        query = read_query(request.scope["query_string"], NotificationQuery)
        return await find_notifications(request.auth, query)

    @get(
        "/{notification_id:uuid}",
        summary="Read a notification",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        errors=(NotificationNotFound,),
    )
    async def get_notification(
        self, request: ApiRequest, notification_id: FromPath[UUID], get_notification: Injected[GetNotification]
    ) -> Response[Envelope[NotificationBody]]:
        """With its deliveries counted by status."""
        return ok(notification_body(await get_notification(request.auth, notification_id=notification_id)))

    @get(
        "/{notification_id:uuid}/deliveries",
        summary="List the deliveries of a notification",
        guards=[requires(Scope.NOTIFICATIONS_READ)],
        query=DeliveryQuery,
        errors=(InvalidCursor, NotificationNotFound),
    )
    async def list_deliveries(
        self, request: ApiRequest, notification_id: FromPath[UUID], list_deliveries: Injected[ListDeliveries]
    ) -> Response[Listing[DeliveryBody]]:
        """Newest first, each with its attempts."""
        query = read_query(request.scope["query_string"], DeliveryQuery)
        page = await list_deliveries(
            request.auth, notification_id, delivery_filter(query), cursor=query.cursor, limit=query.limit
        )
        return listing(page, delivery_body)

    @delete(
        "/{notification_id:uuid}",
        summary="Cancel a notification",
        status_code=202,
        guards=[requires(Scope.NOTIFICATIONS_WRITE)],
        errors=(NotificationNotFound,),
    )
    async def cancel_notification(
        self, request: ApiRequest, notification_id: FromPath[UUID], cancel_notification: Injected[CancelNotification]
    ) -> Response[Envelope[AcceptedBody]]:
        """What is not sent yet will not be; what is, stays sent. Twice is once."""
        return accepted(accepted_body(await cancel_notification(request.auth, notification_id)))
