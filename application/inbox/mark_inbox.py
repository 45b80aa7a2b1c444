"""Marking everything at once."""

from dataclasses import dataclass, field
from datetime import datetime

from application.inbox.recipient import recipient_in
from application.inbox.views import BulkMarkView
from application.inbox.wire import wire_filter
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.inbox.filter import InboxFilter
from domain.inbox.item import Mark
from domain.realtime.stream import StreamUpdate, UpdateKind
from domain.shared.json import JsonValue
from domain.shared.moment import wire_time


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkInboxCommand:
    """`mark` is any but unsnooze."""

    principal: Principal
    mark: Mark
    wanted: InboxFilter = field(default_factory=InboxFilter)
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkInbox:
    """Mark all items that match; the stream gets one update with the filter, and none when nothing changed."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, command: MarkInboxCommand) -> Answer[BulkMarkView]:
        return await run_once(
            self.unit_of_work, command.idempotency, BulkMarkView, lambda uow: self._mark(uow, command, self.clock.now())
        )

    async def _mark(self, uow: UnitOfWork, command: MarkInboxCommand, now: datetime) -> BulkMarkView:
        recipient_id = await recipient_in(uow, command.principal)
        done = await uow.inbox.mark_all(command.principal.tenant_id, recipient_id, command.mark, command.wanted, at=now)
        if done.updated:
            uow.streams.push(
                StreamUpdate(
                    stream_id=recipient_id,
                    tenant_id=command.principal.tenant_id,
                    kind=UpdateKind.UPDATED,
                    data={"filter": wire_filter(command.wanted), **_changed(command, now)},
                    unread=done.unread,
                    unseen=done.unseen,
                )
            )
        return BulkMarkView(updated=done.updated)


def _changed(command: MarkInboxCommand, now: datetime) -> dict[str, JsonValue]:
    at = wire_time(now)
    table: dict[Mark, dict[str, JsonValue]] = {
        Mark.SEEN: {"seen": True, "seenAt": at},
        Mark.READ: {"seen": True, "read": True, "readAt": at},
        Mark.UNREAD: {"read": False, "readAt": None},
        Mark.ARCHIVE: {"seen": True, "read": True, "archived": True, "archivedAt": at},
        Mark.UNARCHIVE: {"archived": False, "archivedAt": None},
    }
    # What is archived sleeps no longer; who asked for nothing that is snoozed need not hear of it.
    awake = {"snoozedUntil": None} if command.mark is Mark.ARCHIVE and command.wanted.snoozed is not False else {}
    return table[command.mark] | awake
