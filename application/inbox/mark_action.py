"""The buttons of an item."""

from dataclasses import dataclass
from uuid import UUID

from application.inbox.mark_item import change_item
from application.ports.clock import Clock
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.inbox.item import ActionState, InboxItem


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAction:
    """Note that the subscriber has done what an action of an item is for, or has not.

    - The server keeps it: every open tab and device learns of it through the stream.
    - Completing twice is completing once, at the first time.
    - An item that a notification of the same `sequenceId` replaces has the new one's actions, all open.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self,
        principal: Principal,
        item_id: UUID,
        action_id: str,
        state: ActionState,
        idempotency: Idempotency | None = None,
    ) -> Answer[InboxItem]:
        now = self.clock.now()
        return await run_once(
            self.unit_of_work,
            idempotency,
            InboxItem,
            lambda uow: change_item(uow, principal, item_id, lambda item: item.with_action(action_id, state, now)),
        )
