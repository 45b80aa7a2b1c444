"""Sending again what was sent before."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.workflows.current_version import current_version
from application.workflows.views import VersionSummary, version_summary
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.workflows.errors import WorkflowNotFound, WorkflowVersionNotFound
from domain.workflows.events import WorkflowRolledBack


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackWorkflow:
    """Publish a copy of an earlier version under the next number.

    - The draft stays as it is, and so does every version there was.
    - It is not checked again: whoever rolls back is in a hurry, and it was sent before.
    - When what is sent says the same already, no version is made.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str, number: int) -> VersionSummary:
        async with self.unit_of_work() as uow:
            workflow = await uow.workflows.get(principal.tenant_id, key)
            if workflow is None:
                raise WorkflowNotFound
            earlier = await uow.workflows.version(principal.tenant_id, key, number)
            if earlier is None or earlier.workflow_id != workflow.id:
                raise WorkflowVersionNotFound
            current = await current_version(uow, workflow)
            if current.digest == earlier.digest:
                return version_summary(current)
            following, now = await uow.workflows.last_number(principal.tenant_id, key) + 1, self.clock.now()
            by = f"{principal.kind.value}:{principal.id}"
            after, version = workflow.roll_back(earlier, number=following, at=now, by=by)
            await uow.workflows.add_version(version)
            await uow.workflows.save(after)
            event = WorkflowRolledBack(
                id=self.ids.new(),
                tenant_id=principal.tenant_id,
                aggregate_id=f"workflow:{workflow.id}",
                occurred_at=now,
                key=key,
                version=following,
                restores=number,
                digest=version.digest,
            )
            uow.events.append(event)
            action = AuditAction.WORKFLOW_ROLL_BACK
            uow.audit.append(audited(principal, action, key, now, version=following, restores=number))
            await uow.commit()
        return version_summary(version)
