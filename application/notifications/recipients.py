"""Writing a notification out to its recipients: the deliveries, inbox items and stream updates of one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.inbox.wire import wire_item
from application.notifications.channel_policy import ChannelPolicies
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.preferences.wishes import Wishes, wishes_of
from domain.inbox.item import InboxItem, counter_change
from domain.notifications.channel import Channel
from domain.notifications.content import Content
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.preferences.resolution import Proposal
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
class InboxEntry:
    """An in-app delivery with what it says to whom."""

    subscriber: Subscriber
    delivery: Delivery
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What all recipients of a page have in common."""

    notification: Notification
    wishes: Wishes
    priority: Priority
    now: datetime


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
        wishes = await wishes_of(uow, notification.tenant_id, [subscriber.subscriber_id for subscriber in subscribers])
        page = _Page(notification=notification, wishes=wishes, priority=priority, now=now)
        drafts = [
            (subscriber, self._delivery(page, subscriber, channel, in_the_way))
            for subscriber in subscribers
            for channel, in_the_way in self._channels_for(page, subscriber)
        ]
        deliveries = [delivery for _, delivery in drafts]
        if fresh:
            await uow.deliveries.add_fresh(deliveries)
            written = drafts
        else:
            stored = await uow.deliveries.add_many(deliveries)
            written = [(subscriber, delivery) for subscriber, delivery in drafts if delivery.id in stored]
        in_app = [
            InboxEntry(subscriber=subscriber, delivery=delivery, content=notification.content)
            for subscriber, delivery in written
            if delivery.channel is Channel.IN_APP and delivery.status is DeliveryStatus.SENT
        ]
        await fill_inboxes(uow, notification, in_app, now)
        return count_of([delivery for _, delivery in written])

    def _channels_for(self, page: _Page, subscriber: Subscriber) -> Sequence[tuple[Channel, str | None]]:
        """The channels a recipient has deliveries over, each with what is in the way of its own."""
        channels = [(channel, self._obstacle(page, subscriber, channel)) for channel in page.notification.channels]
        if page.notification.routing != "single":
            return channels
        return [each for each in channels if each[1] is None][:1] or channels[:1]

    def _obstacle(self, page: _Page, subscriber: Subscriber, channel: Channel) -> str | None:
        found = obstacle(self.policies, page.notification, subscriber, channel)
        if found is not None or page.wishes.none:
            return found
        proposal = Proposal(
            channel=channel.value, tags=page.notification.tags, severity=page.notification.severity.value
        )
        decision = page.wishes.decision(proposal, subscriber, page.now)
        return None if decision.allowed else decision.reason

    def _delivery(self, page: _Page, subscriber: Subscriber, channel: Channel, in_the_way: str | None) -> Delivery:
        notification, now = page.notification, page.now
        status = DeliveryStatus.SUPPRESSED if in_the_way else DeliveryStatus.PENDING
        if channel is Channel.IN_APP and not in_the_way:
            status = DeliveryStatus.SENT
        return Delivery(
            id=self.ids.new(),
            tenant_id=notification.tenant_id,
            notification_id=notification.id,
            target=subscriber.subscriber_id,
            channel=channel,
            queue=self.policies[channel].queue,
            priority=page.priority,
            status=status,
            reason=in_the_way,
            expires_at=notification.expires_at,
            created_at=now,
            finished_at=None if status is DeliveryStatus.PENDING else now,
        )


def obstacle(
    policies: ChannelPolicies, notification: Notification, subscriber: Subscriber, channel: Channel
) -> str | None:
    """Why a delivery over the channel is suppressed before anybody tries it; None when nothing is in its way."""
    if notification.dry_run:
        return "dry_run"
    if not policies[channel].enabled:
        return "channel_disabled"
    address = subscriber.address(channel)
    if address is None:
        return "no_contact_point"
    return "endpoint_disabled" if switched_off(address) else None


async def fill_inboxes(
    uow: UnitOfWork, notification: Notification, written: Sequence[InboxEntry], now: datetime
) -> dict[UUID, UUID]:
    """Write the items of in-app deliveries and show them live, on top; the id of each delivery's item."""
    replaced = await _replaced(uow, notification, [entry.subscriber.id for entry in written])
    avatar = await _actors_avatar(uow, notification, written)
    fresh: list[InboxItem] = []
    items: dict[UUID, UUID] = {}
    for entry in written:
        before = replaced.get(entry.subscriber.id)
        content = entry.content
        if avatar is not None and content.avatar is None:
            content = replace(content, avatar=avatar)
        item = inbox_item(notification, content, entry.subscriber.id, entry.delivery.id, now)
        if before is None:
            fresh.append(item)
        else:
            item = replace(item, id=before.id, created_at=before.created_at)
            await uow.inbox.save(item)
        uow.streams.push(arrival(before, item))
        items[entry.delivery.id] = item.id
    await uow.inbox.add_many(fresh)
    return items


async def _replaced(
    uow: UnitOfWork, notification: Notification, recipient_ids: Sequence[UUID]
) -> dict[UUID, InboxItem]:
    if notification.sequence_id is None or not recipient_ids:
        return {}
    return dict(await uow.inbox.by_sequence(notification.tenant_id, recipient_ids, notification.sequence_id))


async def _actors_avatar(uow: UnitOfWork, notification: Notification, written: Sequence[InboxEntry]) -> str | None:
    """What items without a picture of their own show; the actor may be among the recipients, or is looked up once."""
    actor = notification.actor
    if actor is None or all(entry.content.avatar for entry in written):
        return None
    found = next((entry.subscriber for entry in written if entry.subscriber.subscriber_id == actor), None)
    if found is None:
        found = (await uow.subscribers.get_many(notification.tenant_id, [actor])).get(actor)
    return found.avatar if found else None


def inbox_item(
    notification: Notification, content: Content, recipient_id: UUID, delivery_id: UUID, now: datetime
) -> InboxItem:
    """The in-app form of a notification that says `content`; it takes the delivery's id."""
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


def count_of(deliveries: Sequence[Delivery]) -> Counts:
    """How many there are in each status."""
    numbers = dict.fromkeys(Counts.__slots__, 0)
    for delivery in deliveries:
        numbers[delivery.status.value] += 1
    return Counts(**numbers)
