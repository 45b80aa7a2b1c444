"""Workflows in memory."""

from collections.abc import Sequence
from dataclasses import replace
from heapq import nlargest
from uuid import UUID

from application.ports.workflow_repository import WorkflowRepository
from application.ports.workflow_versions import PublishedWorkflow, WorkflowVersions
from application.workflows.ports import WorkflowFilter, WorkflowReader
from application.workflows.views import VersionSummary, WorkflowSummary, version_summary, workflow_summary
from domain.workflows.definition import completed
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried


class MemoryWorkflowRepository(WorkflowRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        return self._transaction.rows.workflows.one("name", (tenant_id, key))

    async def add(self, workflow: Workflow) -> bool:
        if await self.get(workflow.tenant_id, workflow.key) is not None:
            return False
        self._transaction.rows.workflows.put(replace(workflow, draft=carried(workflow.draft)))
        return True

    async def save(self, workflow: Workflow) -> None:
        table = self._transaction.rows.workflows
        before = table.get(workflow.id)
        if before is not None and before.tenant_id == workflow.tenant_id:
            draft = carried(workflow.draft)
            table.put(replace(workflow, draft=draft, key=before.key, created_at=before.created_at))

    async def version(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        return self._transaction.rows.workflow_versions.get((tenant_id, key, number))

    async def last_number(self, tenant_id: str, key: str) -> int:
        found = self._transaction.rows.workflow_versions.where("under", (tenant_id, key))
        return max((one.number for one in found), default=0)

    async def add_version(self, version: WorkflowVersion) -> None:
        table = self._transaction.rows.workflow_versions
        if table.get(table.key(version)) is not None:
            raise ValueError(f"version {version.number} is taken")
        table.put(replace(version, document=carried(version.document)))


class MemoryWorkflowReader(WorkflowReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._workflows = database.workflows.committed
        self._versions = database.workflow_versions.committed

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        return next(iter(self._workflows.where("name", (tenant_id, key))), None)

    async def page(
        self, tenant_id: str, wanted: WorkflowFilter, *, before: UUID | None, limit: int
    ) -> Sequence[WorkflowSummary]:
        found = (
            one
            for one in self._workflows.where("tenant", tenant_id)
            if (before is None or one.id < before) and _fits(one, wanted)
        )
        return [workflow_summary(one) for one in nlargest(limit, found, key=lambda one: one.id)]

    async def versions(
        self, tenant_id: str, workflow_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[VersionSummary]:
        found = (
            one
            for one in self._versions.where("workflow", (tenant_id, workflow_id))
            if before is None or one.number < before
        )
        return [version_summary(one) for one in nlargest(limit, found, key=lambda one: one.number)]

    async def version(self, tenant_id: str, workflow_id: UUID, number: int) -> WorkflowVersion | None:
        found = self._versions.where("workflow", (tenant_id, workflow_id))
        return next((one for one in found if one.number == number), None)


class MemoryWorkflowVersions(WorkflowVersions):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._workflows = database.workflows.committed
        self._versions = database.workflow_versions.committed

    async def published(self, tenant_id: str, key: str) -> PublishedWorkflow | None:
        workflow = next(iter(self._workflows.where("name", (tenant_id, key))), None)
        if workflow is None or workflow.published is None:
            return None
        version = self._versions.get((tenant_id, key, workflow.published.version))
        return None if version is None else PublishedWorkflow(active=workflow.active, version=version)

    async def of(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        return self._versions.get((tenant_id, key, number))


def _fits(workflow: Workflow, wanted: WorkflowFilter) -> bool:
    if wanted.active is not None and workflow.active is not wanted.active:
        return False
    if wanted.tags and set(wanted.tags).isdisjoint(completed(workflow.draft)["tags"]):
        return False
    return workflow.key.startswith(wanted.search)
