"""Writing the draft of a workflow."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.workflows.definition_checks import DefinitionChecks
from application.workflows.edits import WorkflowEdit, whole_edit
from application.workflows.save_edited import save_edited
from application.workflows.views import WorkflowView, workflow_view
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.shared.json import JsonObject
from domain.shared.problems import Problems
from domain.workflows.errors import WorkflowEditConflict, WorkflowNotFound
from domain.workflows.events import WorkflowCreated
from domain.workflows.reading import check_key
from domain.workflows.workflow import Workflow, new_workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWorkflow:
    """Create a workflow, or replace its draft.

    - What is sent stays what was published; so does whether it is active.
    - A draft that says nothing else changes nothing.
    - With `revision` in the body, only if nobody has changed it since; 0 only creates.
    """

    unit_of_work: UnitOfWorkFactory
    checks: DefinitionChecks
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str, body: JsonObject) -> tuple[WorkflowView, bool]:
        """The workflow, and whether it is new."""
        problems = Problems()
        check_key(key, problems)
        edit = whole_edit(body, problems)
        await self.checks(edit.fields, problems)
        async with self.unit_of_work() as uow:
            now = self.clock.now()
            before = await uow.workflows.get(principal.tenant_id, key)
            if before is None:
                new = await self._create(uow, principal, key, edit, now)
                if new is not None:
                    await uow.commit()
                    return workflow_view(new), True
                before = await uow.workflows.get(principal.tenant_id, key)
            if before is None:
                raise WorkflowNotFound
            before.expect(edit.revision)
            after = before.drafted(edit.fields, now)
            await save_edited(uow, principal, before, after, self.ids)
            await uow.commit()
        return workflow_view(after), False

    async def _create(
        self, uow: UnitOfWork, principal: Principal, key: str, edit: WorkflowEdit, now: datetime
    ) -> Workflow | None:
        """The new workflow; None when somebody else has just made it."""
        if edit.revision:
            raise WorkflowEditConflict("It does not exist")
        new = new_workflow(id=self.ids.new(), tenant_id=principal.tenant_id, key=key, draft=edit.fields, at=now)
        if not await uow.workflows.add(new):
            return None
        uow.events.append(
            WorkflowCreated(
                id=self.ids.new(), tenant_id=new.tenant_id, aggregate_id=f"workflow:{new.id}", occurred_at=now, key=key
            )
        )
        uow.audit.append(audited(principal, AuditAction.WORKFLOW_CREATE, key, now, fields=sorted(edit.fields)))
        return new
