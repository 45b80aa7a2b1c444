"""Writing a large audience out, page by page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.notifications.audience_writer import AudienceWriter
from application.notifications.jobs import EXPAND, NotificationJob
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.unit_of_work import UnitOfWork
from application.shared.job_run import Again, JobRun
from application.shared.job_spec import job
from application.shared.log_events import NOTIFICATION_UNKNOWN_TOPIC
from application.shared.run_once import UnitOfWorkFactory
from application.subscribers.known_subscribers import known_subscribers
from domain.notifications.content import Recipient
from domain.notifications.notification import ExpansionCursor, Notification
from domain.notifications.notification_status import Counts, Ending
from domain.subscribers.subscriber import Subscriber

# Flat memory, quick cancel, fairness and a small hot index from one rule: this many unsent deliveries at a time.
MAX_UNSENT = 1_000
# Short against a delivery round, long against a page: the next look at a notification whose deliveries wait.
WAIT_FOR_UNSENT = 0.25
MAX_PAGE = 500


Source = Callable[[UUID | None, int], Awaitable[list[Subscriber]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The next recipients, the place behind them, whether nobody comes after, and the topics that were not there."""

    subscribers: list[Subscriber]
    cursor: ExpansionCursor
    last: bool = False
    unknown: tuple[str, ...] = ()


@job(EXPAND)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandNotification:
    """Write a notification's deliveries, one page of recipients per transaction.

    - The place reached is kept with each page: a run that died is taken up where it was.
    - A recipient named twice, by two topics or by a second run, is written once.
    - The next page waits while 1,000 of the notification's deliveries are unsent.
    - A topic that does not exist when its turn comes is noted at the notification, and logged.
    """

    unit_of_work: UnitOfWorkFactory
    writer: AudienceWriter
    clock: Clock
    ids: Ids
    log: Log
    rows_per_transaction: int = 500

    async def __call__(self, run: JobRun[NotificationJob]) -> Again | None:
        while True:
            async with self.unit_of_work() as uow:
                notification = await uow.notifications.get(run.tenant_id, run.payload.notification_id)
                if notification is None or notification.expanded:
                    return None
                if await self.writer.unsent(uow, notification, MAX_UNSENT) >= MAX_UNSENT:
                    return Again(WAIT_FOR_UNSENT)
                page = await self._write_next_page(uow, notification, self.clock.now())
                await uow.commit()
            for key in page.unknown:
                self.log.warning(NOTIFICATION_UNKNOWN_TOPIC, notification_id=str(notification.id), topic=key)
            if page.last:
                return None

    async def _write_next_page(self, uow: UnitOfWork, notification: Notification, now: datetime) -> _Page:
        """Write one page; an empty last one when there is nothing to write any more."""
        if notification.cancel_requested_at is not None or await _expired(uow, notification):
            ending = Ending.CANCELLED if notification.cancel_requested_at is not None else Ending.EXPIRED
            await finish_expansion(uow, replace(notification, ending=ending))
            return _Page(subscribers=[], cursor=notification.cursor, last=True)
        page = await self._next_page(uow, notification, now)
        before = 0 if notification.cursor == ExpansionCursor() else notification.recipients or 0
        priority = notification.priority(notification.audience.size or before + len(page.subscribers))
        counts = await self.writer.write(uow, notification, page.subscribers, priority, now)
        fresh = counts.total // self.writer.deliveries_per_recipient(notification)
        known = notification.unknown_topics
        page = replace(page, unknown=tuple(key for key in dict.fromkeys(page.unknown) if key not in known))
        await uow.notifications.save_expansion(
            replace(
                notification,
                cursor=page.cursor,
                recipients=before + fresh,
                expanded=page.last,
                unknown_topics=(*known, *page.unknown),
            )
        )
        # The last tally, empty or not, makes the relay derive the status, whatever it folded before.
        await uow.notifications.add_tally(notification.tenant_id, notification.id, counts)
        return page

    async def _next_page(self, uow: UnitOfWork, notification: Notification, now: datetime) -> _Page:
        """The next recipients that are not excluded; an empty page only at the end of the audience."""
        limit = max(1, min(MAX_PAGE, self.rows_per_transaction // self.writer.rows_per_recipient(notification)))
        audience, cursor = notification.audience, notification.cursor
        if audience.everyone:
            return await self._slice(uow, notification, None, cursor, limit)
        unknown: tuple[str, ...] = ()
        while cursor.entry < len(audience.entries):
            entry = audience.entries[cursor.entry]
            if entry.topic is None:
                named = _run_of_names(audience.entries, cursor.entry, limit)
                found = await known_subscribers(uow, notification.tenant_id, named, self.ids, now)
                following = ExpansionCursor(entry=cursor.entry + len(named))
                return _Page(
                    subscribers=found, cursor=following, last=following.entry >= len(audience.entries), unknown=unknown
                )
            page = await self._slice(uow, notification, entry, cursor, limit)
            unknown += page.unknown
            if page.subscribers:
                return replace(page, last=page.last and cursor.entry + 1 >= len(audience.entries), unknown=unknown)
            cursor = ExpansionCursor(entry=cursor.entry + 1)
        return _Page(subscribers=[], cursor=cursor, last=True, unknown=unknown)

    async def _slice(
        self, uow: UnitOfWork, notification: Notification, entry: Recipient | None, cursor: ExpansionCursor, limit: int
    ) -> _Page:
        """The next subscribers of a topic, or of all, without the excluded and the actor."""
        read = await self._source(uow, notification.tenant_id, entry)
        if read is None:
            # One that is gone by its second page was there, and reached somebody.
            missing = (entry.topic,) if entry and entry.topic and not cursor.after else ()
            return _Page(subscribers=[], cursor=cursor, last=True, unknown=missing)
        left_out = {notification.actor, *(entry.exclude if entry else ())}
        while True:
            members = await read(UUID(cursor.after) if cursor.after else None, limit)
            if not members:
                return _Page(subscribers=[], cursor=cursor, last=True)
            cursor = replace(cursor, after=str(members[-1].id))
            wanted = [member for member in members if member.subscriber_id not in left_out]
            if wanted:
                return _Page(subscribers=wanted, cursor=cursor, last=len(members) < limit)

    async def _source(self, uow: UnitOfWork, tenant_id: str, entry: Recipient | None) -> Source | None:
        if entry is None or entry.topic is None:
            return lambda after, limit: uow.subscribers.page(tenant_id, after, limit)
        topic = await uow.topics.get(tenant_id, entry.topic)
        if topic is None:
            return None
        return lambda after, limit: uow.subscribers.page_of_topic(tenant_id, topic.id, after, limit)


async def finish_expansion(uow: UnitOfWork, notification: Notification) -> None:
    """Nothing more will be written out. The empty tally makes the relay derive the status anew."""
    await uow.notifications.save_expansion(
        replace(notification, expanded=True, recipients=notification.recipients or 0)
    )
    await uow.notifications.add_tally(notification.tenant_id, notification.id, Counts())


def _run_of_names(entries: tuple[Recipient, ...], start: int, limit: int) -> list[Recipient]:
    run: list[Recipient] = []
    for entry in entries[start : start + limit]:
        if entry.topic is not None:
            break
        run.append(entry)
    return run


async def _expired(uow: UnitOfWork, notification: Notification) -> bool:
    """By the store's clock, as its deliveries: that of this process may be wrong."""
    return notification.expires_at is not None and notification.expired(await uow.now())
