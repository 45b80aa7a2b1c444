"""What the lists of notifications can be asked for."""

from typing import Annotated

from msgspec import Meta

from app.http.query import PageQuery
from app.http.wire import Identifier, Moment
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import NotificationStatus


class NotificationQuery(PageQuery, kw_only=True, rename="camel"):
    """Any of each list; times are exclusive bounds. `transactionId` asks for the one notification that has it."""

    transaction_id: Annotated[Identifier | None, Meta(description="Answers this one notification.")] = None
    status: tuple[NotificationStatus, ...] = ()
    workflow: tuple[Identifier, ...] = ()
    subscriber: tuple[Identifier, ...] = ()
    tag: tuple[Identifier, ...] = ()
    created_after: Moment | None = None
    created_before: Moment | None = None


class DeliveryQuery(PageQuery, kw_only=True, rename="camel"):
    """Any of each list."""

    status: tuple[DeliveryStatus, ...] = ()
    channel: tuple[Channel, ...] = ()
    subscriber: tuple[Identifier, ...] = ()
