"""Reading workflows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.workflows.views import VersionSummary, WorkflowSummary
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFilter:
    """Any of `tags`, none of them meaning any at all; `search` is how the key begins."""

    tags: tuple[str, ...] = ()
    active: bool | None = None
    search: str = ""


class WorkflowReader(Protocol):
    """Reads of one tenant, each in a snapshot of its own; deleted workflows are not there."""

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        """By the caller's own key."""
        ...

    async def page(
        self, tenant_id: str, wanted: WorkflowFilter, *, before: UUID | None, limit: int
    ) -> Sequence[WorkflowSummary]:
        """Newest first, older than the one whose own id (ours) is `before`."""
        ...

    async def versions(
        self, tenant_id: str, workflow_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[VersionSummary]:
        """The versions of one workflow, newest first, below the number `before`."""
        ...

    async def version(self, tenant_id: str, workflow_id: UUID, number: int) -> WorkflowVersion | None:
        """One version of one workflow."""
        ...
