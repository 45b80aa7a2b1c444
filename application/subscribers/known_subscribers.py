"""The stored subscribers behind the entries of a request."""

from collections.abc import Sequence
from datetime import datetime

from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.content import Recipient
from domain.subscribers.subscriber import Subscriber


async def known_subscribers(
    uow: UnitOfWork, tenant_id: str, entries: Sequence[Recipient], ids: Ids, now: datetime
) -> list[Subscriber]:
    """Each named subscriber once, in the order of first mention: created bare when unknown, with its contact merged."""
    contacts: dict[str, dict[str, str]] = {}
    for entry in entries:
        if entry.subscriber_id is not None:
            contacts.setdefault(entry.subscriber_id, {}).update(entry.contact)
    stored = dict(await uow.subscribers.get_many(tenant_id, list(contacts)))
    unknown = [
        _bare(tenant_id, subscriber_id, ids, now).merged(contact, now)
        for subscriber_id, contact in contacts.items()
        if subscriber_id not in stored
    ]
    if unknown:
        stored |= await uow.subscribers.ensure_many(tenant_id, unknown)
    for subscriber_id, contact in contacts.items():
        merged = stored[subscriber_id].merged(contact, now)
        if merged is not stored[subscriber_id]:
            await uow.subscribers.save(merged)
            stored[subscriber_id] = merged
    return [stored[subscriber_id] for subscriber_id in contacts]


def _bare(tenant_id: str, subscriber_id: str, ids: Ids, now: datetime) -> Subscriber:
    return Subscriber(id=ids.new(), tenant_id=tenant_id, subscriber_id=subscriber_id, created_at=now, updated_at=now)
