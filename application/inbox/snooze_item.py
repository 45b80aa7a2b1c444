"""Hiding an item for a while."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.inbox.jobs import surfacing_job
from application.inbox.mark_item import change_item
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.inbox.item import InboxItem
from domain.shared.errors import FieldProblem, InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeItem:
    """Hide an item until a time; then it comes back on top of the list, and the stream says so."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(
        self, principal: Principal, item_id: UUID, until: datetime, idempotency: Idempotency | None = None
    ) -> Answer[InboxItem]:
        if until <= self.clock.now():
            raise InvalidInput("1 field is invalid", problems=[FieldProblem("until", "lies in the past")])
        return await run_once(
            self.unit_of_work, idempotency, InboxItem, lambda uow: self._snooze(uow, principal, item_id, until)
        )

    async def _snooze(self, uow: UnitOfWork, principal: Principal, item_id: UUID, until: datetime) -> InboxItem:
        now = self.clock.now()
        item = await change_item(uow, principal, item_id, lambda item: item.snoozed(until, now))
        await uow.jobs.enqueue(surfacing_job(item, self.ids.new(), until, now))
        return item
