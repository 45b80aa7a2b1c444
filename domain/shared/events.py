"""Facts that other parts may react to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Something that happened; appended in the transaction that made it so.

    `type` is dotted (`notification.accepted`) and `schema_version` counts the shapes its payload has had.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1

    id: UUID
    tenant_id: str
    aggregate_id: str
    occurred_at: datetime

    def payload(self) -> Mapping[str, Any]:  # Any: whatever JSON the concrete event carries
        """The event's own fields, without those that every event has."""
        shared = {field.name for field in fields(DomainEvent)}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in shared}
