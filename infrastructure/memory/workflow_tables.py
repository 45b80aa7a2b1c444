"""What there is of workflows in memory."""

from uuid import UUID

from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow
from infrastructure.memory.tables import Table


class WorkflowTables:
    """A part of the tables of `MemoryDatabase`."""

    def __init__(self) -> None:
        self.workflows = Table[UUID, Workflow](
            lambda row: row.id,
            name=lambda row: (row.tenant_id, row.key) if row.deleted_at is None else None,
            tenant=lambda row: row.tenant_id if row.deleted_at is None else None,
        )
        self.workflow_versions = Table[tuple[str, str, int], WorkflowVersion](
            lambda row: (row.tenant_id, row.key, row.number),
            under=lambda row: (row.tenant_id, row.key),
            workflow=lambda row: (row.tenant_id, row.workflow_id),
        )
