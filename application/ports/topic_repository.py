"""Stored topics."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from domain.topics.topic import Topic


class TopicRepository(Protocol):
    """Topics of one tenant at a time, within the caller's transaction."""

    async def get(self, tenant_id: str, key: str) -> Topic | None:
        """By the caller's own key."""
        ...

    async def add(self, topic: Topic) -> bool:
        """Store a new topic; False when the key is taken."""
        ...

    async def save(self, topic: Topic) -> None:
        """Write its name."""
        ...

    async def delete(self, tenant_id: str, key: str) -> bool:
        """Remove it with its memberships; False when unknown."""
        ...

    async def add_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[UUID]) -> int:
        """Join subscribers (our ids) to it; returns how many were not members yet."""
        ...

    async def remove_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[str]) -> int:
        """Part subscribers (the caller's ids) from it; returns how many were members."""
        ...
