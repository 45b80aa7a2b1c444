"""Removing workflows."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.workflows.errors import WorkflowNotFound
from domain.workflows.events import WorkflowDeleted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWorkflow:
    """Remove a workflow; nothing can be sent with it any more, and its key is free.

    Its versions stay for the notifications that were sent with them.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str) -> None:
        async with self.unit_of_work() as uow:
            workflow = await uow.workflows.get(principal.tenant_id, key)
            if workflow is None:
                raise WorkflowNotFound
            now = self.clock.now()
            await uow.workflows.save(workflow.deleted(now))
            uow.events.append(
                WorkflowDeleted(
                    id=self.ids.new(),
                    tenant_id=principal.tenant_id,
                    aggregate_id=f"workflow:{workflow.id}",
                    occurred_at=now,
                    key=key,
                )
            )
            uow.audit.append(audited(principal, AuditAction.WORKFLOW_DELETE, key, now))
            await uow.commit()
