"""What is sent with a workflow."""

from dataclasses import dataclass
from typing import Protocol

from domain.workflows.versions import WorkflowVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWorkflow:
    """The version that is sent now; nothing may be while it is not `active`."""

    active: bool
    version: WorkflowVersion


class WorkflowVersions(Protocol):
    """Published definitions of one tenant at a time, each read in a snapshot of its own.

    What `of` answers never changes and may be kept for ever under tenant, key and number; what `published` answers
    may be another a moment later.
    """

    async def published(self, tenant_id: str, key: str) -> PublishedWorkflow | None:
        """What is sent with the workflow under that key; None when there is none, or none of it was published."""
        ...

    async def of(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        """That version, also of a workflow that was deleted meanwhile."""
        ...
