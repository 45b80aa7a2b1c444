"""Reading workflows in SQL."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from application.ports.workflow_versions import PublishedWorkflow, WorkflowVersions
from application.workflows.ports import WorkflowFilter, WorkflowReader
from application.workflows.views import VersionSummary, WorkflowSummary
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow
from infrastructure.database.mappers.workflows import (
    SEPARATOR,
    summary_from,
    version_from,
    version_summary_from,
    workflow_from,
)
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import table_of
from infrastructure.database.unit_of_work import Engines
from infrastructure.database.workflow_tables import WorkflowRow, WorkflowVersionRow

_TABLE = table_of(WorkflowRow)
_VERSIONS = table_of(WorkflowVersionRow)
_WITHOUT_DRAFT = [column for column in _TABLE.c if column.name != "draft"]
_WITHOUT_DOCUMENT = [column for column in _VERSIONS.c if column.name != "document"]


class SqlWorkflowReader(WorkflowReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def get(self, tenant_id: str, key: str) -> Workflow | None:
        query = select(_TABLE).where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.live_key == key)
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        return workflow_from(row) if row else None

    async def page(
        self, tenant_id: str, wanted: WorkflowFilter, *, before: UUID | None, limit: int
    ) -> Sequence[WorkflowSummary]:
        query = (
            select(*_WITHOUT_DRAFT)
            .where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.live_key.is_not(None), *_conditions(wanted))
            .order_by(_TABLE.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(_TABLE.c.id < before)
        async with snapshot(self._engines) as tx:
            return [summary_from(row) for row in await tx.rows(query)]

    async def versions(
        self, tenant_id: str, workflow_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[VersionSummary]:
        query = (
            select(*_WITHOUT_DOCUMENT)
            .where(_VERSIONS.c.tenant_id == tenant_id, _VERSIONS.c.workflow_id == workflow_id)
            .order_by(_VERSIONS.c.number.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(_VERSIONS.c.number < before)
        async with snapshot(self._engines) as tx:
            return [version_summary_from(row) for row in await tx.rows(query)]

    async def version(self, tenant_id: str, workflow_id: UUID, number: int) -> WorkflowVersion | None:
        query = select(_VERSIONS).where(
            _VERSIONS.c.tenant_id == tenant_id, _VERSIONS.c.workflow_id == workflow_id, _VERSIONS.c.number == number
        )
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        return version_from(row) if row else None


class SqlWorkflowVersions(WorkflowVersions):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def published(self, tenant_id: str, key: str) -> PublishedWorkflow | None:
        number = and_(_VERSIONS.c.key == _TABLE.c.key, _VERSIONS.c.number == _TABLE.c.published_version)
        query = (
            select(_VERSIONS, _TABLE.c.active)
            .join(_TABLE, and_(_VERSIONS.c.tenant_id == _TABLE.c.tenant_id, number))
            .where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.live_key == key)
        )
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        return PublishedWorkflow(active=row["active"], version=version_from(row)) if row else None

    async def of(self, tenant_id: str, key: str, number: int) -> WorkflowVersion | None:
        query = select(_VERSIONS).where(
            _VERSIONS.c.tenant_id == tenant_id, _VERSIONS.c.key == key, _VERSIONS.c.number == number
        )
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        return version_from(row) if row else None


def _conditions(wanted: WorkflowFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.active is not None:
        found.append(_TABLE.c.active.is_(wanted.active))
    if wanted.search:
        found.append(func.substr(_TABLE.c.key, 1, len(wanted.search)) == wanted.search)
    if wanted.tags:
        found.append(or_(*map(_tagged, wanted.tags)))
    return found


def _tagged(tag: str) -> ColumnElement[bool]:
    # By a replacement: LIKE would take no account of case on SQLite, and each database has its own word for "contains".
    return func.replace(_TABLE.c.tags, f"{SEPARATOR}{tag}{SEPARATOR}", "") != _TABLE.c.tags
