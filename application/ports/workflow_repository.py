"""Stored workflows and their versions."""

from typing import Protocol

from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow


class WorkflowRepository(Protocol):
    """Workflows of one tenant at a time, within the caller's transaction. Nothing that is stored is ever lost: what is
    deleted frees its key, and its versions stay.
    """

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        """The one under the caller's own key that is not deleted. Until the end of the transaction nobody else gets it
        here.
        """
        ...

    async def add(self, workflow: Workflow) -> bool:
        """Store a new workflow; False when the key is taken."""
        ...

    async def save(self, workflow: Workflow) -> None:
        """Write what can change; with `deleted_at` its key is free. Does nothing to what is not there."""
        ...

    async def version(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        """A version of whatever workflow bore the key when it was published."""
        ...

    async def last_number(self, tenant_id: str, key: str) -> int:
        """The highest number that was ever given under the key; 0 for none."""
        ...

    async def add_version(self, version: WorkflowVersion) -> None:
        """Store a version under a number that is free: the caller has got its workflow in this transaction."""
        ...
