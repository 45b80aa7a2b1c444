"""Reading topics."""

from typing import Protocol

from application.topics.views import TopicView


class TopicReader(Protocol):
    """Reads of one tenant."""

    async def get(self, tenant_id: str, key: str) -> TopicView | None:
        """A topic with its size."""
        ...
