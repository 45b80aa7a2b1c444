"""Marking one item."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from application.inbox.recipient import recipient_in
from application.inbox.wire import wire_changes
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.inbox.item import InboxItem, InboxItemNotFound, Mark, counter_change
from domain.realtime.stream import StreamUpdate, UpdateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkItem:
    """Mark an item as seen, read, unread, archived, unarchived or unsnoozed.

    - Read implies seen; archive implies read. A mark twice is a mark once.
    - Every open tab and device learns of it through the stream.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, principal: Principal, item_id: UUID, mark: Mark, idempotency: Idempotency | None = None
    ) -> Answer[InboxItem]:
        now = self.clock.now()
        return await run_once(
            self.unit_of_work,
            idempotency,
            InboxItem,
            lambda uow: change_item(uow, principal, item_id, lambda item: item.marked(mark, now)),
        )


async def change_item(
    uow: UnitOfWork, principal: Principal, item_id: UUID, change: Callable[[InboxItem], InboxItem]
) -> InboxItem:
    """Change an item of the caller's own inbox, and tell its stream; nothing is written when nothing changes."""
    recipient_id = await recipient_in(uow, principal)
    before = await uow.inbox.get(principal.tenant_id, recipient_id, item_id)
    if before is None:
        raise InboxItemNotFound
    after = change(before)
    if after is not before:
        await uow.inbox.save(after)
        uow.streams.push(change_update(before, after))
    return after


def change_update(before: InboxItem, after: InboxItem) -> StreamUpdate:
    """The update that tells what is different about an item."""
    unread, unseen = counter_change(before, after)
    return StreamUpdate(
        stream_id=after.recipient_id,
        tenant_id=after.tenant_id,
        kind=UpdateKind.UPDATED,
        data=wire_changes(before, after),
        unread=unread,
        unseen=unseen,
    )
