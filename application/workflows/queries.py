"""Asking for workflows."""

from dataclasses import dataclass
from typing import Final, Literal

from application.ports.cursor_signer import CursorSigner
from application.shared.keyset import Keyset
from application.shared.pages import Page
from application.workflows.ports import WorkflowFilter, WorkflowReader
from application.workflows.views import (
    DiffView,
    VersionSummary,
    VersionView,
    WorkflowSummary,
    WorkflowView,
    version_view,
    workflow_view,
)
from domain.identity.principal import Principal
from domain.shared.json import JsonObject
from domain.workflows.diff import difference
from domain.workflows.errors import WorkflowNotFound, WorkflowVersionNotFound
from domain.workflows.workflow import Workflow

LIST: Final = "workflows"

# What is compared: the draft, what is published, or the version of a number.
Side = Literal["draft", "published"] | int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetWorkflow:
    """One workflow with its draft."""

    workflows: WorkflowReader

    async def __call__(self, principal: Principal, key: str) -> WorkflowView:
        return workflow_view(await known_workflow(self.workflows, principal, key))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWorkflows:
    """The tenant's workflows, newest first."""

    workflows: WorkflowReader
    cursors: CursorSigner

    async def __call__(
        self, principal: Principal, wanted: WorkflowFilter, *, cursor: str | None, limit: int
    ) -> Page[WorkflowSummary]:
        keyset = Keyset(cursors=self.cursors, tenant_id=principal.tenant_id, list_name=LIST)
        before = keyset.before(cursor)
        found = await self.workflows.page(principal.tenant_id, wanted, before=before, limit=limit + 1)
        return keyset.page(found, limit, id_of=lambda one: one.id, view=lambda one: one)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWorkflowVersions:
    """The versions of one workflow, newest first."""

    workflows: WorkflowReader
    cursors: CursorSigner

    async def __call__(self, principal: Principal, key: str, *, cursor: str | None, limit: int) -> Page[VersionSummary]:
        workflow = await known_workflow(self.workflows, principal, key)
        tenant_id, list_name, before = principal.tenant_id, f"{LIST}/{workflow.id}/versions", None
        if cursor is not None:
            before = int(self.cursors.verify(cursor, tenant_id=tenant_id, list_name=list_name)["before"])
        found = await self.workflows.versions(tenant_id, workflow.id, before=before, limit=limit + 1)
        following = None
        if len(found) > limit:
            place = {"before": found[limit - 1].number}
            following = self.cursors.sign(place, tenant_id=tenant_id, list_name=list_name)
        return Page(items=list(found[:limit]), limit=limit, next_cursor=following)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetWorkflowVersion:
    """One version of a workflow with what it says."""

    workflows: WorkflowReader

    async def __call__(self, principal: Principal, key: str, number: int) -> VersionView:
        workflow = await known_workflow(self.workflows, principal, key)
        version = await self.workflows.version(principal.tenant_id, workflow.id, number)
        if version is None:
            raise WorkflowVersionNotFound
        return version_view(version)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareWorkflow:
    """What differs between two of draft, published and any version."""

    workflows: WorkflowReader

    async def __call__(self, principal: Principal, key: str, before: Side, after: Side) -> DiffView:
        """Raises `WorkflowNotPublished` when what is published is asked for and nothing is."""
        workflow = await known_workflow(self.workflows, principal, key)
        old, new = await self._side(workflow, before), await self._side(workflow, after)
        return DiffView(before=old[0], after=new[0], difference=difference(old[1], new[1]))

    async def _side(self, workflow: Workflow, side: Side) -> tuple[int | None, JsonObject]:
        if side == "draft":
            return None, workflow.draft
        number = workflow.published_version().version if side == "published" else side
        version = await self.workflows.version(workflow.tenant_id, workflow.id, number)
        if version is None:
            raise WorkflowVersionNotFound
        return number, version.document


async def known_workflow(workflows: WorkflowReader, principal: Principal, key: str) -> Workflow:
    """The caller's workflow under that key; raises `WorkflowNotFound`."""
    workflow = await workflows.get(principal.tenant_id, key)
    if workflow is None:
        raise WorkflowNotFound
    return workflow
