"""Entities for the suites of the database ports: every field that is not named is filled with something plausible."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from application.inbox.wire import wire_item
from application.ports.ids import Ids
from application.ports.job_queue import NewJob
from application.ports.preference_repository import LoggedChange
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.system_scope import SystemScope
from domain.inbox.item import InboxItem, counter_change
from domain.notifications.attempt import Attempt, AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.events import NotificationAccepted
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.preferences.preference import SubscriberPreferences, Switches
from domain.realtime.stream import StreamHead, StreamUpdate, UpdateKind
from domain.subscribers.subscriber import Subscriber
from domain.topics.topic import Topic
from domain.workflows.definition import digest_of
from domain.workflows.run import Run
from domain.workflows.workflow import Workflow
from infrastructure.system.ids import UuidV7Ids
from tests.contracts.stores import Store

TENANT = "default"
STRANGER = "stranger"
QUEUE = "notifications"
SCOPE = SystemScope(owner="worker-1")
OTHER_WORKER = SystemScope(owner="worker-2")


@dataclass(frozen=True, slots=True)
class Payload:
    """What a job of these suites carries."""

    number: int = 1
    text: str = "é"


@dataclass(frozen=True, slots=True)
class Samples:
    """Makes entities, and with `add_…` stores them in a transaction of their own; `changes` are fields of theirs."""

    store: Store
    ids: Ids = field(default_factory=UuidV7Ids)

    # Any, here and below: fields of many types.
    def notification(self, **changes: Any) -> Notification:
        notification_id = self.ids.new()
        plain = Notification(
            id=notification_id,
            tenant_id=TENANT,
            transaction_id=str(notification_id),
            fingerprint="f" * 64,
            content=Content(title="Shipped", body="On its way", data={"order": 42}),
            channels=(Channel.EMAIL,),
            audience=Audience(entries=(Recipient(subscriber_id="u1"),)),
            recipients=1,
            expanded=True,
            created_at=self.store.now(),
        )
        return replace(plain, **changes)

    def delivery(self, **changes: Any) -> Delivery:
        delivery_id = self.ids.new()
        plain = Delivery(
            id=delivery_id,
            tenant_id=TENANT,
            notification_id=delivery_id,
            target="u1",
            channel=Channel.EMAIL,
            queue=QUEUE,
            priority=Priority.NORMAL,
            created_at=self.store.now(),
        )
        return replace(plain, **changes)

    def run(self, **changes: Any) -> Run:
        run_id = self.ids.new()
        plain = Run(
            id=run_id,
            tenant_id=TENANT,
            notification_id=run_id,
            workflow="order-shipped",
            version=1,
            target="u1",
            queue=QUEUE,
            priority=Priority.NORMAL,
            created_at=self.store.now(),
        )
        return replace(plain, **changes)

    def attempt(self, delivery_id: UUID, **changes: Any) -> Attempt:
        plain = Attempt(
            id=self.ids.new(),
            delivery_id=delivery_id,
            round=1,
            provider="smtp",
            outcome=AttemptOutcome.OK,
            started_at=self.store.now(),
            finished_at=self.store.now(),
            status_code=250,
            detail="queued",
            provider_message_id="4bZkXq12Lz",
        )
        return replace(plain, **changes)

    def subscriber(self, subscriber_id: str = "u1", **changes: Any) -> Subscriber:
        now = self.store.now()
        plain = Subscriber(
            id=self.ids.new(),
            tenant_id=TENANT,
            subscriber_id=subscriber_id,
            email=f"{subscriber_id}@example.org",
            data={"plan": "pro", "tags": ["a", "b"]},
            channels={"slack": {"webhookUrl": "sealed"}},
            created_at=now,
            updated_at=now,
        )
        return replace(plain, **changes)

    def topic(self, key: str = "project:1", **changes: Any) -> Topic:
        plain = Topic(id=self.ids.new(), tenant_id=TENANT, key=key, name="Project", created_at=self.store.now())
        return replace(plain, **changes)

    def workflow(self, key: str = "order-shipped", **changes: Any) -> Workflow:
        now = self.store.now()
        template = {"title": "Shipped", "body": "é {{ payload.id }}"}
        draft = {"name": "Shipped", "steps": [{"key": "inbox", "type": "in_app", "template": template}]}
        draft |= changes.pop("draft", {})
        plain = Workflow(
            id=self.ids.new(),
            tenant_id=TENANT,
            key=key,
            draft=draft,
            digest=digest_of(draft),
            created_at=now,
            updated_at=now,
            drafted_at=now,
        )
        return replace(plain, **changes)

    def item(self, recipient_id: UUID, **changes: Any) -> InboxItem:
        now = self.store.now()
        plain = InboxItem(
            id=self.ids.new(),
            tenant_id=TENANT,
            recipient_id=recipient_id,
            notification_id=self.ids.new(),
            title="Shipped",
            data={"order": 42},
            actions=({"id": "track", "label": "Track", "url": None, "state": "open"},),
            surfaced_at=now,
            created_at=now,
            updated_at=now,
        )
        return replace(plain, **changes)

    def job(self, **changes: Any) -> NewJob:
        plain = NewJob(
            id=self.ids.new(), tenant_id=TENANT, name="inbox.surface", payload=Payload(), created_at=self.store.now()
        )
        return replace(plain, **changes)

    def event(self, **changes: Any) -> NotificationAccepted:
        plain = NotificationAccepted(
            id=self.ids.new(),
            tenant_id=TENANT,
            aggregate_id="notification:1",
            occurred_at=self.store.now(),
            transaction_id="t1",
            channels=("email", "in_app"),
            recipients=2,
        )
        return replace(plain, **changes)

    def update(self, stream_id: UUID, **changes: Any) -> StreamUpdate:
        plain = StreamUpdate(
            stream_id=stream_id, tenant_id=TENANT, kind=UpdateKind.UPDATED, data={"id": "x", "read": True}
        )
        return replace(plain, **changes)

    async def add_notification(self, deliveries: int = 0, **changes: Any) -> tuple[Notification, list[Delivery]]:
        """A notification with so many pending deliveries, to `u0`, `u1` and so on, counted as it should be."""
        notification = self.notification(counts=Counts(pending=deliveries), **changes).derived(self.store.now())
        pending = [
            self.delivery(notification_id=notification.id, tenant_id=notification.tenant_id, target=f"u{number}")
            for number in range(deliveries)
        ]
        async with self.store.unit_of_work() as uow:
            await uow.notifications.add(notification)
            await uow.deliveries.add_many(pending)
            await uow.commit()
        return notification, pending

    async def add_deliveries(self, *deliveries: Delivery) -> None:
        async with self.store.unit_of_work() as uow:
            await uow.deliveries.add_many(deliveries)
            await uow.commit()

    async def add_runs(self, *runs: Run) -> None:
        async with self.store.unit_of_work() as uow:
            await uow.runs.add_many(runs)
            await uow.commit()

    async def add_subscriber(self, subscriber_id: str = "u1", **changes: Any) -> Subscriber:
        async with self.store.unit_of_work() as uow:
            subscriber = self.subscriber(subscriber_id, **changes)
            await uow.subscribers.ensure_many(subscriber.tenant_id, [subscriber])
            await uow.commit()
        return subscriber

    async def add_topic(self, key: str = "project:1", *members: Subscriber, **changes: Any) -> Topic:
        topic = self.topic(key, **changes)
        async with self.store.unit_of_work() as uow:
            await uow.topics.add(topic)
            await uow.topics.add_members(topic.tenant_id, topic.id, [member.id for member in members])
            await uow.commit()
        return topic

    async def add_workflow(self, key: str = "order-shipped", *, publish: bool = False, **changes: Any) -> Workflow:
        workflow = self.workflow(key, **changes)
        async with self.store.unit_of_work() as uow:
            await uow.workflows.add(workflow)
            if publish:
                number = await uow.workflows.last_number(workflow.tenant_id, key) + 1
                workflow, version = workflow.publish(number=number, at=self.store.now(), by="api_key:k", note="why")
                await uow.workflows.add_version(version)
                await uow.workflows.save(workflow)
            await uow.commit()
        return workflow

    async def add_preferences(self, subscriber: Subscriber, switches: Switches, *changes: LoggedChange) -> None:
        """The same switches for the subscriber and for all of its tenant."""
        tenant_id, preferences = subscriber.tenant_id, SubscriberPreferences(switches=switches)
        async with self.store.unit_of_work() as uow:
            await uow.preferences.save(tenant_id, subscriber.id, preferences)
            await uow.preferences.save_defaults(tenant_id, switches)
            await uow.preferences.append_changes(tenant_id, subscriber.id, changes)
            await uow.commit()

    async def add_items(self, *items: InboxItem) -> None:
        """Store items, and tell their streams as the product does."""
        async with self.store.unit_of_work() as uow:
            await uow.inbox.add_many(items)
            for item in items:
                push_arrival(uow, item)
            await uow.commit()

    async def add_job(self, **changes: Any) -> NewJob:
        job = self.job(**changes)
        async with self.store.unit_of_work() as uow:
            await uow.jobs.enqueue(job)
            await uow.commit()
        return job

    async def push(self, *updates: StreamUpdate) -> None:
        async with self.store.unit_of_work() as uow:
            for update in updates:
                uow.streams.push(update)
            await uow.commit()

    async def head(self, stream_id: UUID) -> StreamHead:
        return (await self.store.streams.heads(SCOPE, [stream_id]))[stream_id]


def push_arrival(uow: SystemUnitOfWork, item: InboxItem) -> None:
    unread, unseen = counter_change(None, item)
    uow.streams.push(
        StreamUpdate(
            stream_id=item.recipient_id,
            tenant_id=item.tenant_id,
            kind=UpdateKind.RECEIVED,
            data=wire_item(item),
            unread=unread,
            unseen=unseen,
        )
    )
