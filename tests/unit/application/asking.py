"""Asking the use cases of a container, in the words of the tests."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from application.notifications.ports import DeliveryFilter
from application.notifications.request_rules import SendNotificationCommand
from application.notifications.views import AcceptedView, DeliveryView, NotificationView
from application.shared.idempotency import Idempotency
from container import Container
from domain.identity.principal import Principal, PrincipalKind
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient
from domain.notifications.notification_status import Counts
from domain.realtime.stream import StreamHead
from domain.subscribers.subscriber import Subscriber

TENANT = "default"
BACKEND = Principal.system(TENANT)
EMAIL, IN_APP, WEBHOOK = (Channel.EMAIL,), (Channel.IN_APP,), (Channel.WEBHOOK,)


def request(*to: str | Recipient, everyone: bool = False, **fields: Any) -> SendNotificationCommand:
    """A request to notify these subscribers; `fields` are those of the command."""
    entries = tuple(Recipient(subscriber_id=entry) if isinstance(entry, str) else entry for entry in to)
    command = SendNotificationCommand(
        principal=BACKEND,
        audience=Audience(entries=entries, everyone=everyone),
        fingerprint="the request",
        content=Content(title="Hello"),
    )
    return replace(command, **fields)


def topic(key: str, *exclude: str) -> Recipient:
    return Recipient(topic=key, exclude=exclude)


def with_email(name: str) -> Recipient:
    return Recipient(subscriber_id=name, contact={"email": f"{name}@example.com"})


def names(number: int, prefix: str = "u") -> list[str]:
    return [f"{prefix}{index:04}" for index in range(number)]


def under_key(key: str) -> Idempotency:
    return Idempotency(tenant_id=TENANT, key=key, scope="tests", fingerprint="the request")


async def send(container: Container, command: SendNotificationCommand) -> AcceptedView:
    return (await container.send_notification()(command)).view


async def make_topic(container: Container, key: str, members: Iterable[str]) -> None:
    await container.put_topic()(BACKEND, key, None)
    await container.add_topic_subscribers()(BACKEND, key, list(members))


async def notification(container: Container, notification_id: UUID) -> NotificationView:
    """The notification; its counts are those of its deliveries, or the test ends here."""
    view = await container.get_notification()(BACKEND, notification_id=notification_id)
    counted = Counts()
    for delivery in await deliveries(container, notification_id):
        counted = replace(counted, **{delivery.status: getattr(counted, delivery.status) + 1})
    assert view.counts == counted
    return view


async def deliveries(container: Container, notification_id: UUID) -> list[DeliveryView]:
    """All of them, oldest first."""
    reader = container.notification_reader()
    found = await reader.deliveries(TENANT, notification_id, DeliveryFilter(), before=None, limit=10_000)
    return sorted(found, key=lambda one: one.id)


async def reached(container: Container, notification_id: UUID) -> list[str]:
    """Who has a delivery, sorted; twice who has two."""
    return sorted(delivery.subscriber_id for delivery in await deliveries(container, notification_id))


async def priorities(container: Container, notification_id: UUID) -> set[int]:
    stored = container.memory_database().deliveries.committed.where("notification", notification_id)
    return {int(entry.item.priority) for entry in stored}


async def subscriber(container: Container, name: str) -> Subscriber:
    found: Subscriber | None = await container.subscriber_reader().get(TENANT, name)
    assert found is not None, f"there is no {name}"
    return found


def as_subscriber(name: str) -> Principal:
    return Principal(kind=PrincipalKind.SUBSCRIBER, tenant_id=TENANT, id=name)


async def inbox(container: Container, name: str, wanted: InboxFilter | None = None) -> list[InboxItem]:
    """The first hundred items, newest first, archived and snoozed ones too unless a filter is given."""
    anything = InboxFilter(archived=None, snoozed=None)
    page = await container.list_inbox()(as_subscriber(name), wanted or anything, cursor=None, limit=100)
    return page.items


async def counters(container: Container, name: str) -> tuple[int, int]:
    """`(unread, unseen)` of the stream, which must be those that the items themselves say."""
    recipient_id = (await subscriber(container, name)).id
    head: StreamHead = (await container.stream_reader().heads(container.scope(), [recipient_id]))[recipient_id]
    counts = (await container.count_inbox()(as_subscriber(name))).overall
    assert (head.unread, head.unseen) == (counts.unread, counts.unseen)
    return head.unread, head.unseen
