"""A worker, and a workflow that is sent with."""

from dataclasses import replace
from typing import Any

from application.workflows.start_runs import RunStarter
from domain.inbox.item import InboxItem
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonObject
from domain.subscribers.subscriber import Subscriber
from domain.workflows.run import Run
from domain.workflows.workflow import new_workflow
from tests.unit.worker.assembly import TENANT
from tests.unit.worker.world import World

KEY = "shipped"
INBOX = {"key": "inbox", "type": "in_app", "template": {"title": "Hello {{ subscriber.firstName }}", "body": ""}}
MAIL = {"key": "mail", "type": "email", "template": {"subject": "Order {{ payload.order }}", "text": "On its way"}}
TEXT = {"key": "text", "type": "sms", "template": {"body": "Order {{ payload.order }}"}}


class RunWorld(World):
    """`publish` a workflow, `trigger` it, and look at what came of it."""

    async def publish(self, *steps: JsonObject, **fields: Any) -> None:
        """Version 1 of the workflow. Any: fields of a definition."""
        now = self.clock.now()
        draft = {"name": "Shipped", "steps": list(steps), **fields}
        workflow = new_workflow(id=self.ids.new(), tenant_id=TENANT, key=KEY, draft=draft, at=now)
        published, version = workflow.publish(number=1, at=now, by="test", note=None)
        async with self.unit_of_work() as uow:
            assert await uow.workflows.add(published)
            await uow.workflows.add_version(version)
            await uow.commit()

    async def trigger(self, *names: str, payload: JsonObject | None = None, **changes: Any) -> Notification:
        """A run for each of some subscribers; `changes` are fields of the notification."""
        now = self.clock.now()
        people = [self.person(name) for name in names or ("u1",)]
        plain = Notification(
            id=self.ids.new(),
            tenant_id=TENANT,
            transaction_id=str(self.ids.new()),
            fingerprint="f",
            workflow=KEY,
            workflow_version=1,
            content=Content(title=""),
            payload=payload or {"order": 42},
            channels=(Channel.IN_APP, Channel.EMAIL),
            audience=Audience(entries=tuple(Recipient(subscriber_id=each.subscriber_id) for each in people)),
            recipients=len(people),
            expanded=True,
            counts=Counts(pending=len(people)),
            created_at=now,
        )
        notification = replace(plain, **changes)
        async with self.unit_of_work() as uow:
            stored = await uow.subscribers.ensure_many(TENANT, people)
            await uow.notifications.add(notification)
            await RunStarter(ids=self.ids, queue="notifications").start(
                uow, notification, list(stored.values()), Priority.NORMAL, now
            )
            await uow.commit()
        return notification

    def person(self, name: str, **changes: Any) -> Subscriber:
        """Somebody who is reached over every channel; `changes` are fields. Any: of many types."""
        now = self.clock.now()
        plain = Subscriber(
            id=self.ids.new(),
            tenant_id=TENANT,
            subscriber_id=name,
            email=f"{name}@example.org",
            phone="+4915112345678",
            first_name=name.title(),
            created_at=now,
            updated_at=now,
        )
        return replace(plain, **changes)

    def run(self, target: str = "u1") -> Run:
        """As it is stored now, the latest of a subscriber."""
        found = [entry.item for entry in self.database.runs.committed.all() if entry.item.target == target]
        return max(found, key=lambda run: run.id)

    def run_due_in(self, target: str = "u1") -> float:
        """Seconds until it goes on, or its lease runs out."""
        entry = self.database.runs.committed.get(self.run(target).id)
        assert entry is not None
        return (entry.at - self.clock.now()).total_seconds()

    def of_step(self, step: str) -> list[Delivery]:
        """The deliveries of a step."""
        return [each for each in self.deliveries() if each.step == step]

    def items(self) -> list[InboxItem]:
        return self.database.inbox.committed.all()

    def counts(self, notification: Notification) -> Counts:
        """Folded and not folded yet."""
        tallies = [row.change for row in self.database.tallies.committed.where("notification", notification.id)]
        names = Counts.__slots__
        return Counts(**{name: sum(getattr(each, name) for each in (notification.counts, *tallies)) for name in names})
