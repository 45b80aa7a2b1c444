"""Changing some fields of a workflow."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.run_once import UnitOfWorkFactory
from application.workflows.definition_checks import DefinitionChecks
from application.workflows.edits import partial_edit, patched
from application.workflows.ports import WorkflowReader
from application.workflows.queries import known_workflow
from application.workflows.save_edited import save_edited
from application.workflows.views import WorkflowView, workflow_view
from domain.identity.principal import Principal
from domain.shared.json import JsonObject
from domain.shared.problems import Problems
from domain.workflows.errors import WorkflowNotFound, refuse_workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchWorkflow:
    """Change the fields of the draft that are present, and whether the workflow is active; null clears a field.

    - Each field is replaced whole, `steps` too.
    - Raises `WorkflowEditConflict` when somebody else changes it at the same time, or has since `revision`.
    """

    unit_of_work: UnitOfWorkFactory
    workflows: WorkflowReader
    checks: DefinitionChecks
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str, body: JsonObject) -> WorkflowView:
        seen = await known_workflow(self.workflows, principal, key)
        problems = Problems()
        edit = partial_edit(body, problems)
        draft = patched(seen.draft, edit.fields)
        if edit.fields:
            await self.checks(draft, problems)
        refuse_workflow(problems)
        async with self.unit_of_work() as uow:
            before = await uow.workflows.get(principal.tenant_id, key)
            if before is None:
                raise WorkflowNotFound
            before.expect(edit.revision)
            before.expect(seen.revision)
            now = self.clock.now()
            after = before.drafted(draft, now)
            after = after if edit.active is None else after.switched(edit.active, now)
            await save_edited(uow, principal, before, after, self.ids)
            await uow.commit()
        return workflow_view(after)
