"""Reading what happened to a notification's recipients in memory."""

from collections.abc import Iterable

from application.notifications.ports import ItemMarks, TimelineFacts, TimelineReader
from domain.notifications.delivery import Delivery
from domain.notifications.notification import Notification
from domain.subscribers.subscriber import Subscriber
from domain.workflows.run import Run
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.notification_reader import delivery_view
from infrastructure.memory.tables import Entry


class MemoryTimelineReader(TimelineReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def facts(self, notification: Notification, *, subscriber: str | None, limit: int) -> TimelineFacts:
        deliveries = [
            entry
            for entry in self._database.deliveries.committed.where("notification", notification.id)
            if _is_of(entry.item, notification, subscriber)
        ]
        runs = [
            entry.item
            for entry in self._database.runs.committed.where("notification", notification.id)
            if _is_of(entry.item, notification, subscriber)
        ]
        if max(len(deliveries), len(runs)) > limit:
            return TimelineFacts(complete=False)
        return self._facts(notification, deliveries, runs)

    def _facts(self, notification: Notification, deliveries: list[Entry[Delivery]], runs: list[Run]) -> TimelineFacts:
        names = {entry.item.target for entry in deliveries} | {run.target for run in runs}
        people = [
            person
            for name in sorted(names)
            for person in self._database.subscribers.committed.where("name", (notification.tenant_id, name))
        ]
        return TimelineFacts(
            deliveries=tuple(
                delivery_view(self._database, entry) for entry in sorted(deliveries, key=lambda entry: entry.item.id)
            ),
            runs=tuple(sorted(runs, key=lambda run: run.id)),
            items=tuple(self._marks(notification, people)),
            timezones={person.subscriber_id: person.timezone for person in people if person.timezone},
        )

    def _marks(self, notification: Notification, people: Iterable[Subscriber]) -> Iterable[ItemMarks]:
        return (
            ItemMarks(
                item_id=item.id,
                subscriber_id=person.subscriber_id,
                seen_at=item.seen_at,
                read_at=item.read_at,
                archived_at=item.archived_at,
            )
            for person in people
            for item in self._database.inbox.committed.where("recipient", person.id)
            if item.notification_id == notification.id
        )


def _is_of(one: Delivery | Run, notification: Notification, subscriber: str | None) -> bool:
    return one.tenant_id == notification.tenant_id and subscriber in (None, one.target)
