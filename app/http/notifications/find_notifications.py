"""One address, two questions: a page of notifications, or the one of a transaction."""

from dataclasses import dataclass

from litestar import Response

from app.http.envelope import Envelope, Listing, listing, ok
from app.http.notifications.answers import NotificationBody, notification_body
from app.http.notifications.commands import notification_filter
from app.http.notifications.queries import NotificationQuery
from application.notifications.queries import GetNotification, ListNotifications
from domain.identity.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class FindNotifications:
    """Both use cases behind `GET /notifications`: a handler takes one dependency."""

    get_notification: GetNotification
    list_notifications: ListNotifications

    async def __call__(
        self, principal: Principal, query: NotificationQuery
    ) -> Response[Envelope[NotificationBody]] | Response[Listing[NotificationBody]]:
        """The notification with `transactionId` where that is given, else a page of those that match."""
        if query.transaction_id is not None:
            return ok(notification_body(await self.get_notification(principal, transaction_id=query.transaction_id)))
        page = await self.list_notifications(
            principal, notification_filter(query), cursor=query.cursor, limit=query.limit
        )
        return listing(page, notification_body)
