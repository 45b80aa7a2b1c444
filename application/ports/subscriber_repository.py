"""Stored subscribers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.subscribers.subscriber import Subscriber


class SubscriberRepository(Protocol):
    """Subscribers of one tenant at a time, within the caller's transaction. A subscriber's stream is made with it."""

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        """By the caller's own id."""
        ...

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        """Those that exist, by the caller's own id."""
        ...

    async def ensure_many(self, tenant_id: str, subscribers: Sequence[Subscriber]) -> Mapping[str, Subscriber]:
        """Store those whose `subscriber_id` is not taken; returns what is stored for each, old or new."""
        ...

    async def save(self, subscriber: Subscriber) -> None:
        """Replace every field but ids and `created_at` of a stored subscriber."""
        ...

    async def delete(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        """Remove it with its topic memberships and its stream; returns what it was."""
        ...

    async def page(self, tenant_id: str, after: UUID | None, limit: int) -> list[Subscriber]:
        """All subscribers in the order of their own ids (ours), after one of them."""
        ...

    async def page_of_topic(self, tenant_id: str, topic_id: UUID, after: UUID | None, limit: int) -> list[Subscriber]:
        """A topic's subscribers, in the same order."""
        ...
