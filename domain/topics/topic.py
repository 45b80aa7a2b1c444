"""A named group of subscribers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared.errors import NotFound


class TopicNotFound(NotFound):
    """Topic not found"""

    code = "topics.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Known by the caller's own `key`, unique in its tenant."""

    id: UUID
    tenant_id: str
    key: str
    name: str | None = None
    created_at: datetime
