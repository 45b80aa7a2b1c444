"""Taking an item out of the inbox for good."""

from dataclasses import dataclass
from uuid import UUID

from application.inbox.recipient import recipient_in
from application.shared.run_once import UnitOfWorkFactory
from domain.identity.principal import Principal
from domain.inbox.item import InboxItemNotFound, counter_change
from domain.realtime.stream import StreamUpdate, UpdateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteItem:
    """Delete an item of the caller's own inbox.

    - Every open tab and device learns of it through the stream; the counters go down with it.
    - The delivery stays, and so does its status: the item was there.
    - A later notification of the same `sequenceId` is a new item.
    """

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, principal: Principal, item_id: UUID) -> None:
        async with self.unit_of_work() as uow:
            recipient_id = await recipient_in(uow, principal)
            item = await uow.inbox.get(principal.tenant_id, recipient_id, item_id)
            if item is None:
                raise InboxItemNotFound
            await uow.inbox.remove(principal.tenant_id, recipient_id, item_id)
            unread, unseen = counter_change(item, None)
            uow.streams.push(
                StreamUpdate(
                    stream_id=recipient_id,
                    tenant_id=principal.tenant_id,
                    kind=UpdateKind.UPDATED,
                    data={"id": item.id, "deleted": True},
                    unread=unread,
                    unseen=unseen,
                )
            )
            await uow.commit()
