"""No call of a tenant reaches another tenant's rows: every method of every tenant's port, over every store.

A method that is not in the tables below fails `test_every_method_is_tried…`: whoever adds one says here what a stranger
gets from it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from application.inbox.ports import InboxReader
from application.inbox.views import InboxCounts
from application.notifications.ports import DeliveryFilter, NotificationFilter, NotificationReader
from application.ports.delivery_repository import DeliveryRepository
from application.ports.inbox_repository import BulkMark, InboxRepository
from application.ports.job_queue import JobQueue, NewJob
from application.ports.notification_repository import NotificationRepository
from application.ports.preference_repository import LoggedChange, PreferenceRepository
from application.ports.run_repository import RunRepository
from application.ports.stream_log import StreamLog
from application.ports.subscriber_repository import SubscriberRepository
from application.ports.topic_repository import TopicRepository
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.workflow_repository import WorkflowRepository
from application.ports.workflow_versions import PublishedWorkflow, WorkflowVersions
from application.preferences.ports import StoredPreferencesReader
from application.subscribers.ports import SubscriberReader
from application.topics.ports import TopicReader
from application.workflows.ports import WorkflowFilter, WorkflowReader
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark
from domain.notifications.delivery import Delivery
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.preferences.changes import PreferenceChange
from domain.preferences.preference import NO_PREFERENCES, NO_SWITCHES, PreferenceSet, SubscriberPreferences, Switches
from domain.realtime.stream import StreamHead
from domain.subscribers.subscriber import Subscriber
from domain.topics.topic import Topic
from domain.workflows.run import Run
from domain.workflows.workflow import Workflow
from tests.contracts.job_calls import Jobs
from tests.contracts.samples import STRANGER, TENANT, Samples
from tests.contracts.stores import Store

PORTS = {
    "notifications": NotificationRepository,
    "deliveries": DeliveryRepository,
    "subscribers": SubscriberRepository,
    "topics": TopicRepository,
    "preferences": PreferenceRepository,
    "workflows": WorkflowRepository,
    "runs": RunRepository,
    "inbox": InboxRepository,
    "jobs": JobQueue,
    "streams": StreamLog,
}
READERS = {
    "notifications": NotificationReader,
    "inbox": InboxReader,
    "subscribers": SubscriberReader,
    "topics": TopicReader,
    "preferences": StoredPreferencesReader,
    "workflows": WorkflowReader,
    "workflow_versions": WorkflowVersions,
}


QUIET = Switches(everything=PreferenceSet(enabled=False))


@dataclass(frozen=True, slots=True)
class Owned:
    """What the owner has. The stranger has a subscriber and a topic of the same names."""

    make: Samples
    notification: Notification
    delivery: Delivery
    subscriber: Subscriber
    topic: Topic
    workflow: Workflow
    run: Run
    item: InboxItem
    job: NewJob
    strangers_subscriber: Subscriber
    strangers_topic: Topic
    change: LoggedChange

    # Any: an entity of whatever kind comes back as the same kind.
    def stolen(self, entity: Any, **changes: Any) -> Any:
        """The owner's entity, written as the stranger's."""
        return replace(entity, tenant_id=STRANGER, **changes)


@pytest.fixture
async def owned(make: Samples) -> Owned:
    notification, (delivery, _) = await make.add_notification(deliveries=2, transaction_id="t1")
    subscriber = await make.add_subscriber("u1")
    item = make.item(subscriber.id, sequence_id="s")
    await make.add_items(item)
    silenced = PreferenceChange(path="global.enabled", old=None, new=False)
    change = LoggedChange(id=make.ids.new(), at=make.store.now(), by="subscriber:u1", change=silenced)
    await make.add_preferences(subscriber, QUIET, change)
    run = make.run(notification_id=notification.id)
    await make.add_runs(run)
    return Owned(
        make=make,
        notification=notification,
        delivery=delivery,
        subscriber=subscriber,
        topic=await make.add_topic("t", subscriber),
        workflow=await make.add_workflow("w", publish=True),
        run=run,
        item=item,
        job=await make.add_job(dedupe_key="d"),
        strangers_subscriber=await make.add_subscriber("u1", tenant_id=STRANGER),
        strangers_topic=await make.add_topic("t", tenant_id=STRANGER),
        change=change,
    )


@dataclass(frozen=True, slots=True)
class Everything:
    """All of the owner's rows, as the owner reads them."""

    notification: Notification | None
    deliveries: list[Any]  # Any: views, compared as a whole
    subscribers: list[Subscriber]
    members: list[Subscriber]
    topic: Topic | None
    workflow: Workflow | None
    published: PublishedWorkflow | None
    versions: list[Any]  # Any: as above
    runs: list[Run]
    items: list[InboxItem]
    head: StreamHead | None
    preferences: SubscriberPreferences
    defaults: Switches
    changes: list[LoggedChange]


async def everything(store: Store, owned: Owned) -> Everything:
    items, head = await store.inbox.page(
        TENANT, owned.subscriber.id, InboxFilter(archived=None, snoozed=None), before=None, limit=10
    )
    async with store.unit_of_work() as uow:
        return Everything(
            notification=await store.notifications.get(TENANT, owned.notification.id),
            deliveries=await store.notifications.deliveries(
                TENANT, owned.notification.id, DeliveryFilter(), before=None, limit=10
            ),
            subscribers=await uow.subscribers.page(TENANT, None, 10),
            members=await uow.subscribers.page_of_topic(TENANT, owned.topic.id, None, 10),
            topic=await uow.topics.get(TENANT, "t"),
            workflow=await uow.workflows.get(TENANT, "w"),
            published=await store.workflow_versions.published(TENANT, "w"),
            versions=list(await store.workflows.versions(TENANT, owned.workflow.id, before=None, limit=10)),
            runs=await uow.runs.of_notification(TENANT, owned.notification.id, None, 10),
            items=items,
            head=head,
            preferences=await store.preferences.get(TENANT, owned.subscriber.id),
            defaults=await store.preferences.defaults(TENANT),
            changes=list(await store.preferences.changes(TENANT, owned.subscriber.id, before=None, limit=10)),
        )


Attempt = Callable[[SystemUnitOfWork, Owned], Awaitable[object]]
ANYTHING = object()
"""The stranger may do this in their own name: only the owner's rows matter."""


async def push(uow: SystemUnitOfWork, o: Owned) -> None:
    uow.streams.push(o.make.update(o.subscriber.id, tenant_id=STRANGER, unread=5))


NOTHING_MARKED = BulkMark(updated=0, unread=0, unseen=0)
WRITES: dict[str, tuple[Attempt, object]] = {
    "notifications.add": (
        lambda uow, o: uow.notifications.add(o.stolen(o.notification, id=o.make.ids.new())),
        None,
    ),
    "notifications.get": (lambda uow, o: uow.notifications.get(STRANGER, o.notification.id), None),
    "notifications.by_transaction": (lambda uow, o: uow.notifications.by_transaction(STRANGER, "t1"), None),
    "notifications.get_many": (lambda uow, o: uow.notifications.get_many(STRANGER, [o.notification.id]), {}),
    "notifications.save_expansion": (
        lambda uow, o: uow.notifications.save_expansion(
            o.stolen(o.notification, recipients=99, status=NotificationStatus.FAILED)
        ),
        None,
    ),
    "notifications.request_cancel": (
        lambda uow, o: uow.notifications.request_cancel(STRANGER, o.notification.id, o.make.store.now()),
        False,
    ),
    "notifications.add_tally": (
        lambda uow, o: uow.notifications.add_tally(STRANGER, o.notification.id, Counts(sent=9)),
        None,
    ),
    "deliveries.add_many": (
        lambda uow, o: uow.deliveries.add_many([o.stolen(o.delivery, id=o.make.ids.new(), target="new")]),
        ANYTHING,
    ),
    "deliveries.add_fresh": (
        lambda uow, o: uow.deliveries.add_fresh([o.stolen(o.delivery, id=o.make.ids.new(), target="new")]),
        None,
    ),
    "deliveries.open_count": (lambda uow, o: uow.deliveries.open_count(STRANGER, o.notification.id, 10), 0),
    "deliveries.cancel_pending": (
        lambda uow, o: uow.deliveries.cancel_pending(STRANGER, o.notification.id, o.make.store.now(), 10),
        0,
    ),
    "deliveries.cancel_pending_for": (
        lambda uow, o: uow.deliveries.cancel_pending_for(STRANGER, o.delivery.target, o.make.store.now(), 10),
        {},
    ),
    "subscribers.get": (lambda uow, o: _ids(uow.subscribers.get(STRANGER, "u1")), {"strangers"}),
    "subscribers.get_many": (lambda uow, o: _ids(uow.subscribers.get_many(STRANGER, ["u1"])), {"strangers"}),
    "subscribers.ensure_many": (
        lambda uow, o: _ids(uow.subscribers.ensure_many(STRANGER, [o.stolen(o.subscriber, id=o.make.ids.new())])),
        {"strangers"},
    ),
    "subscribers.ensure_many, the owner's": (lambda uow, o: uow.subscribers.ensure_many(STRANGER, [o.subscriber]), {}),
    "subscribers.save": (lambda uow, o: uow.subscribers.save(o.stolen(o.subscriber, email="x@y.z")), None),
    "subscribers.delete": (lambda uow, o: _ids(uow.subscribers.delete(STRANGER, "u1")), {"strangers"}),
    "subscribers.page": (lambda uow, o: _ids(uow.subscribers.page(STRANGER, None, 10)), {"strangers"}),
    "subscribers.page_of_topic": (lambda uow, o: uow.subscribers.page_of_topic(STRANGER, o.topic.id, None, 10), []),
    "topics.get": (lambda uow, o: _ids(uow.topics.get(STRANGER, "t")), {"strangers"}),
    "topics.add": (lambda uow, o: uow.topics.add(o.stolen(o.topic, id=o.make.ids.new(), key="x")), True),
    "topics.save": (lambda uow, o: uow.topics.save(o.stolen(o.topic, name="stolen")), None),
    "topics.delete": (lambda uow, o: uow.topics.delete(STRANGER, "t"), True),
    "topics.add_members": (
        lambda uow, o: uow.topics.add_members(STRANGER, o.topic.id, [o.strangers_subscriber.id]),
        0,
    ),
    "topics.add_members, the owner's": (
        lambda uow, o: uow.topics.add_members(STRANGER, o.strangers_topic.id, [o.subscriber.id]),
        0,
    ),
    "topics.remove_members": (lambda uow, o: uow.topics.remove_members(STRANGER, o.topic.id, ["u1"]), 0),
    "inbox.add_many": (
        lambda uow, o: uow.inbox.add_many([o.stolen(o.item, id=o.make.ids.new(), sequence_id="x")]),
        None,
    ),
    "inbox.get": (lambda uow, o: uow.inbox.get(STRANGER, o.subscriber.id, o.item.id), None),
    "inbox.by_sequence": (lambda uow, o: uow.inbox.by_sequence(STRANGER, [o.subscriber.id], "s"), {}),
    "inbox.save": (lambda uow, o: uow.inbox.save(o.stolen(o.item, title="stolen")), None),
    "preferences.get_many": (lambda uow, o: uow.preferences.get_many(STRANGER, ["u1"]), {}),
    "preferences.save": (lambda uow, o: uow.preferences.save(STRANGER, o.subscriber.id, NO_PREFERENCES), None),
    "preferences.defaults": (lambda uow, o: uow.preferences.defaults(STRANGER), NO_SWITCHES),
    "preferences.save_defaults": (lambda uow, o: uow.preferences.save_defaults(STRANGER, Switches()), None),
    "preferences.append_changes": (
        lambda uow, o: uow.preferences.append_changes(
            STRANGER, o.subscriber.id, [replace(o.change, id=o.make.ids.new())]
        ),
        None,
    ),
    "preferences.erase": (lambda uow, o: uow.preferences.erase(STRANGER, o.subscriber.id), None),
    "workflows.get": (lambda uow, o: uow.workflows.get(STRANGER, "w"), None),
    "workflows.add": (lambda uow, o: uow.workflows.add(o.stolen(o.workflow, id=o.make.ids.new())), ANYTHING),
    "workflows.save": (lambda uow, o: uow.workflows.save(o.stolen(o.workflow, active=False)), None),
    "workflows.version": (lambda uow, o: uow.workflows.version(STRANGER, "w", 1), None),
    "workflows.last_number": (lambda uow, o: uow.workflows.last_number(STRANGER, "w"), 0),
    "workflows.add_version": (
        lambda uow, o: uow.workflows.add_version(
            o.stolen(o.workflow).publish(number=1, at=o.make.store.now(), by="them", note=None)[1]
        ),
        None,
    ),
    "runs.add_many": (
        lambda uow, o: uow.runs.add_many([o.stolen(o.run, id=o.make.ids.new(), target="new")]),
        ANYTHING,
    ),
    "runs.add_many, the owner's": (lambda uow, o: uow.runs.add_many([o.stolen(o.run, id=o.make.ids.new())]), set()),
    "runs.get_many": (lambda uow, o: uow.runs.get_many(STRANGER, [(o.notification.id, o.run.target)]), {}),
    "runs.of_notification": (lambda uow, o: uow.runs.of_notification(STRANGER, o.notification.id, None, 10), []),
    "runs.busy_count": (lambda uow, o: uow.runs.busy_count(STRANGER, o.notification.id, 10), 0),
    "runs.cancel_pending": (
        lambda uow, o: uow.runs.cancel_pending(STRANGER, o.notification.id, 10, o.make.store.now()),
        0,
    ),
    "runs.handed_over": (lambda uow, o: uow.runs.handed_over(STRANGER, [o.delivery.id]), {}),
    "runs.looked_at": (lambda uow, o: uow.runs.looked_at(STRANGER, [o.item.id]), {}),
    "inbox.mark_all": (
        lambda uow, o: uow.inbox.mark_all(
            STRANGER, o.subscriber.id, Mark.ARCHIVE, InboxFilter(), at=o.make.store.now()
        ),
        NOTHING_MARKED,
    ),
    "inbox.remove": (lambda uow, o: uow.inbox.remove(STRANGER, o.subscriber.id, o.item.id), None),
    "inbox.forget": (lambda uow, o: uow.inbox.forget(STRANGER, o.subscriber.id, 10), 0),
    "jobs.enqueue": (lambda uow, o: uow.jobs.enqueue(o.make.job(tenant_id=STRANGER, dedupe_key="d")), ANYTHING),
    "jobs.enqueue_many": (
        lambda uow, o: uow.jobs.enqueue_many([o.make.job(tenant_id=STRANGER, dedupe_key="d")]),
        ANYTHING,
    ),
    "jobs.cancel": (lambda uow, o: uow.jobs.cancel(STRANGER, o.job.id, o.make.store.now()), False),
    "streams.push": (push, None),
}


async def _ids(found: Awaitable[Any]) -> set[str]:  # Any: one, many or none
    """Whose the entities are that came back."""
    answer = await found
    entities = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else [answer]
    return {"strangers" if entity.tenant_id == STRANGER else "OWNERS" for entity in entities if entity is not None}


@pytest.mark.parametrize("name", WRITES)
async def test_the_owners_rows_stay_untouched_when_a_stranger_calls(store: Store, owned: Owned, name: str) -> None:
    attempt, expected = WRITES[name]
    before = await everything(store, owned)
    async with store.unit_of_work() as uow:
        answer = await attempt(uow, owned)
        await uow.commit()

    if expected is not ANYTHING:
        assert answer == expected
    assert await everything(store, owned) == before
    assert owned.job.id in [job.id for job in await Jobs(store).claim()]


Look = Callable[[Store, Owned], Awaitable[object]]
READS: dict[str, tuple[Look, object]] = {
    "notifications.get": (lambda store, o: store.notifications.get(STRANGER, o.notification.id), None),
    "notifications.by_transaction": (lambda store, o: store.notifications.by_transaction(STRANGER, "t1"), None),
    "notifications.page": (
        lambda store, o: store.notifications.page(
            STRANGER, NotificationFilter(subscribers=("u0", "u1")), before=None, limit=10
        ),
        [],
    ),
    "notifications.deliveries": (
        lambda store, o: store.notifications.deliveries(
            STRANGER, o.notification.id, DeliveryFilter(), before=None, limit=10
        ),
        [],
    ),
    "notifications.counts_by_status": (
        lambda store, o: store.notifications.counts_by_status(STRANGER, o.notification.id),
        {},
    ),
    "inbox.page": (
        lambda store, o: store.inbox.page(STRANGER, o.subscriber.id, InboxFilter(), before=None, limit=10),
        ([], None),
    ),
    "inbox.counts": (lambda store, o: store.inbox.counts(STRANGER, o.subscriber.id), {}),
    "inbox.counts_of": (
        lambda store, o: store.inbox.counts_of(STRANGER, o.subscriber.id, [InboxFilter()]),
        [InboxCounts()],
    ),
    "subscribers.get": (lambda store, o: _ids(store.subscribers.get(STRANGER, "u1")), {"strangers"}),
    "subscribers.get_many": (lambda store, o: _ids(store.subscribers.get_many(STRANGER, ["u1"])), {"strangers"}),
    "subscribers.page": (lambda store, o: _ids(store.subscribers.page(STRANGER, before=None, limit=10)), {"strangers"}),
    "topics.get": (lambda store, o: store.topics.get("nobody", "t"), None),
    "preferences.get": (lambda store, o: store.preferences.get(STRANGER, o.subscriber.id), NO_PREFERENCES),
    "preferences.defaults": (lambda store, o: store.preferences.defaults(STRANGER), NO_SWITCHES),
    "preferences.changes": (
        lambda store, o: store.preferences.changes(STRANGER, o.subscriber.id, before=None, limit=10),
        [],
    ),
    "workflows.get": (lambda store, o: store.workflows.get(STRANGER, "w"), None),
    "workflows.page": (lambda store, o: store.workflows.page(STRANGER, WorkflowFilter(), before=None, limit=10), []),
    "workflows.versions": (
        lambda store, o: store.workflows.versions(STRANGER, o.workflow.id, before=None, limit=10),
        [],
    ),
    "workflows.version": (lambda store, o: store.workflows.version(STRANGER, o.workflow.id, 1), None),
    "workflow_versions.published": (lambda store, o: store.workflow_versions.published(STRANGER, "w"), None),
    "workflow_versions.of": (lambda store, o: store.workflow_versions.of(STRANGER, "w", 1), None),
}


@pytest.mark.parametrize("name", READS)
async def test_nothing_of_the_owner_is_read_when_a_stranger_looks(store: Store, owned: Owned, name: str) -> None:
    look, expected = READS[name]
    assert await look(store, owned) == expected


async def test_only_its_own_members_are_counted_when_a_stranger_has_the_same_topic(store: Store, owned: Owned) -> None:
    theirs, ours = await store.topics.get(STRANGER, "t"), await store.topics.get(TENANT, "t")
    assert theirs is not None
    assert ours is not None
    assert (theirs.subscribers, ours.subscribers) == (0, 1)


def test_every_method_is_tried_when_a_port_has_it() -> None:
    for ports, tried in ((PORTS, WRITES), (READERS, READS)):
        methods = {
            f"{attribute}.{name}"
            for attribute, port in ports.items()
            for name in vars(port)
            if callable(getattr(port, name)) and not name.startswith("_")
        }
        assert methods == {name.partition(",")[0] for name in tried}
