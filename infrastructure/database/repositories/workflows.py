"""Workflows in SQL."""

from sqlalchemy import func, insert, select, update

from application.ports.workflow_repository import WorkflowRepository
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow
from infrastructure.database.mappers.workflows import version_from, version_values, workflow_from, workflow_values
from infrastructure.database.tables import table_of
from infrastructure.database.transaction import Transaction
from infrastructure.database.workflow_tables import WorkflowRow, WorkflowVersionRow

_TABLE = table_of(WorkflowRow)
_VERSIONS = table_of(WorkflowVersionRow)
_FOR_GOOD = frozenset({"id", "tenant_id", "key", "live_key", "created_at"})


class SqlWorkflowRepository(WorkflowRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        row = await self._tx.row(
            select(_TABLE).where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.live_key == key).with_for_update()
        )
        return workflow_from(row) if row else None

    async def add(self, workflow: Workflow) -> bool:
        return bool(await self._tx.insert_new(_TABLE, [workflow_values(workflow)], "id"))

    async def save(self, workflow: Workflow) -> None:
        changes = {name: value for name, value in workflow_values(workflow).items() if name not in _FOR_GOOD}
        if workflow.deleted_at is not None:
            changes["live_key"] = None
        await self._tx.execute(
            update(_TABLE).where(_TABLE.c.id == workflow.id, _TABLE.c.tenant_id == workflow.tenant_id).values(**changes)
        )

    async def version(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        row = await self._tx.row(
            select(_VERSIONS).where(
                _VERSIONS.c.tenant_id == tenant_id, _VERSIONS.c.key == key, _VERSIONS.c.number == number
            )
        )
        return version_from(row) if row else None

    async def last_number(self, tenant_id: str, key: str) -> int:
        row = await self._tx.row(
            select(func.max(_VERSIONS.c.number).label("last")).where(
                _VERSIONS.c.tenant_id == tenant_id, _VERSIONS.c.key == key
            )
        )
        return (row["last"] or 0) if row else 0

    async def add_version(self, version: WorkflowVersion) -> None:
        await self._tx.execute(insert(_VERSIONS), [version_values(version)])
