"""Marking everything at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.inbox.recipient import recipient_in
from application.inbox.views import BulkMarkView
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.inbox.item import Mark
from domain.realtime.stream import StreamUpdate, UpdateKind
from domain.shared.json import JsonObject, JsonValue
from domain.shared.moment import wire_time


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkInboxCommand:
    """`mark` is seen, read or archive; only items with any of the tags and any of the severities, where given."""

    principal: Principal
    mark: Mark
    tags: Sequence[str] = ()
    severities: Sequence[str] = ()
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkInbox:
    """Mark all items that are neither archived nor snoozed and match; the stream gets one update with the filter."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, command: MarkInboxCommand) -> Answer[BulkMarkView]:
        return await run_once(
            self.unit_of_work, command.idempotency, BulkMarkView, lambda uow: self._mark(uow, command, self.clock.now())
        )

    async def _mark(self, uow: UnitOfWork, command: MarkInboxCommand, now: datetime) -> BulkMarkView:
        recipient_id = await recipient_in(uow, command.principal)
        done = await uow.inbox.mark_all(
            command.principal.tenant_id,
            recipient_id,
            command.mark,
            tags=command.tags,
            severities=command.severities,
            at=now,
        )
        if done.updated:
            uow.streams.push(
                StreamUpdate(
                    stream_id=recipient_id,
                    tenant_id=command.principal.tenant_id,
                    kind=UpdateKind.UPDATED,
                    data={"filter": _filter(command), **_changed(command.mark, now)},
                    unread=done.unread,
                    unseen=done.unseen,
                )
            )
        return BulkMarkView(updated=done.updated)


def _filter(command: MarkInboxCommand) -> JsonObject:
    chosen: dict[str, JsonValue] = {}
    if command.tags:
        chosen["tags"] = list(command.tags)
    if command.severities:
        chosen["severity"] = list(command.severities)
    return chosen


def _changed(mark: Mark, now: datetime) -> dict[str, JsonValue]:
    flags = {Mark.SEEN: ("seen",), Mark.READ: ("seen", "read"), Mark.ARCHIVE: ("seen", "read", "archived")}[mark]
    return dict.fromkeys(flags, True) | {f"{flags[-1]}At": wire_time(now)}
