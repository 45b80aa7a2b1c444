"""Writing a notification out to its recipients: the deliveries, inbox items and stream updates of one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.inbox.wire import wire_item
from application.notifications.channel_policy import ChannelPolicies
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.inbox.item import InboxItem, counter_change
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.realtime.stream import StreamUpdate, UpdateKind
from domain.subscribers.endpoint_state import switched_off
from domain.subscribers.subscriber import Subscriber

# A subscriber that is not known yet costs its own row and its stream's.
ROWS_PER_NEW_SUBSCRIBER = 2
# An in-app delivery comes with its inbox item, its stream update and the counters' change.
ROWS_PER_IN_APP = 4


def rows_per_recipient(channels: Sequence[Channel]) -> int:
    """An upper bound of the rows that one recipient costs."""
    return ROWS_PER_NEW_SUBSCRIBER + sum(ROWS_PER_IN_APP if channel is Channel.IN_APP else 1 for channel in channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientWriter:
    """Writes pages of recipients. A page written twice is written once: deliveries are unique, the rest follows."""

    policies: ChannelPolicies
    ids: Ids

    async def write(
        self,
        uow: UnitOfWork,
        notification: Notification,
        subscribers: Sequence[Subscriber],
        priority: Priority,
        now: datetime,
        *,
        fresh: bool = False,
    ) -> Counts:
        """Write one page; returns the counts of the deliveries that were new: all where the notification is `fresh`."""
        drafts = [
            (subscriber, self._delivery(notification, subscriber, channel, priority, now))
            for subscriber in subscribers
            for channel in self._channels_for(notification, subscriber)
        ]
        deliveries = [delivery for _, delivery in drafts]
        if fresh:
            await uow.deliveries.add_fresh(deliveries)
            written = drafts
        else:
            stored = await uow.deliveries.add_many(deliveries)
            written = [(subscriber, delivery) for subscriber, delivery in drafts if delivery.id in stored]
        in_app = [
            (subscriber, delivery)
            for subscriber, delivery in written
            if delivery.channel is Channel.IN_APP and delivery.status is DeliveryStatus.SENT
        ]
        await self._fill_inboxes(uow, notification, in_app, now)
        return _count([delivery for _, delivery in written])

    def _channels_for(self, notification: Notification, subscriber: Subscriber) -> Sequence[Channel]:
        if notification.routing != "single":
            return notification.channels
        reachable = [
            channel for channel in notification.channels if self._obstacle(notification, subscriber, channel) is None
        ]
        return reachable[:1] or notification.channels[:1]

    def _delivery(
        self, notification: Notification, subscriber: Subscriber, channel: Channel, priority: Priority, now: datetime
    ) -> Delivery:
        obstacle = self._obstacle(notification, subscriber, channel)
        status = DeliveryStatus.SUPPRESSED if obstacle else DeliveryStatus.PENDING
        if channel is Channel.IN_APP and not obstacle:
            status = DeliveryStatus.SENT
        return Delivery(
            id=self.ids.new(),
            tenant_id=notification.tenant_id,
            notification_id=notification.id,
            target=subscriber.subscriber_id,
            channel=channel,
            queue=self.policies[channel].queue,
            priority=priority,
            status=status,
            reason=obstacle,
            expires_at=notification.expires_at,
            created_at=now,
            finished_at=None if status is DeliveryStatus.PENDING else now,
        )

    def _obstacle(self, notification: Notification, subscriber: Subscriber, channel: Channel) -> str | None:
        if notification.dry_run:
            return "dry_run"
        if not self.policies[channel].enabled:
            return "channel_disabled"
        address = subscriber.address(channel)
        if address is None:
            return "no_contact_point"
        return "endpoint_disabled" if switched_off(address) else None

    async def _fill_inboxes(
        self, uow: UnitOfWork, notification: Notification, written: Sequence[tuple[Subscriber, Delivery]], now: datetime
    ) -> None:
        replaced = await self._replaced(uow, notification, [subscriber.id for subscriber, _ in written])
        fresh: list[InboxItem] = []
        for subscriber, delivery in written:
            before = replaced.get(subscriber.id)
            item = inbox_item(notification, subscriber.id, delivery.id, now)
            if before is None:
                fresh.append(item)
            else:
                item = replace(item, id=before.id, created_at=before.created_at)
                await uow.inbox.save(item)
            uow.streams.push(arrival(before, item))
        await uow.inbox.add_many(fresh)

    async def _replaced(
        self, uow: UnitOfWork, notification: Notification, recipient_ids: Sequence[UUID]
    ) -> dict[UUID, InboxItem]:
        if notification.sequence_id is None or not recipient_ids:
            return {}
        return dict(await uow.inbox.by_sequence(notification.tenant_id, recipient_ids, notification.sequence_id))


def inbox_item(notification: Notification, recipient_id: UUID, delivery_id: UUID, now: datetime) -> InboxItem:
    """The in-app form of a notification; it takes the delivery's id."""
    content = notification.content
    return InboxItem(
        id=delivery_id,
        tenant_id=notification.tenant_id,
        recipient_id=recipient_id,
        notification_id=notification.id,
        sequence_id=notification.sequence_id,
        workflow=notification.workflow,
        title=content.title,
        body=content.body,
        data=content.data,
        actions=tuple(
            {"id": action.id, "label": action.label, "url": action.url, "state": action.state}
            for action in content.actions
        ),
        avatar=content.avatar,
        redirect=content.redirect,
        severity=notification.severity.value,
        tags=notification.tags,
        actor=notification.actor,
        surfaced_at=now,
        created_at=now,
        updated_at=now,
    )


def arrival(before: InboxItem | None, item: InboxItem) -> StreamUpdate:
    """The update that shows a new or replaced item on top of the list."""
    unread, unseen = counter_change(before, item)
    return StreamUpdate(
        stream_id=item.recipient_id,
        tenant_id=item.tenant_id,
        kind=UpdateKind.RECEIVED,
        data=wire_item(item),
        unread=unread,
        unseen=unseen,
    )


def _count(deliveries: Sequence[Delivery]) -> Counts:
    numbers = dict.fromkeys(Counts.__slots__, 0)
    for delivery in deliveries:
        numbers[delivery.status.value] += 1
    return Counts(**numbers)
