"""Storing what an edit has changed."""

from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.audited import audited
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.workflows.definition import changed_names
from domain.workflows.events import WorkflowUpdated
from domain.workflows.workflow import Workflow


async def save_edited(uow: UnitOfWork, principal: Principal, before: Workflow, after: Workflow, ids: Ids) -> None:
    """Write the workflow and note which fields changed; nothing when none did."""
    if after is before:
        return
    await uow.workflows.save(after)
    switched = ("active",) if after.active is not before.active else ()
    names = (*changed_names(before.draft, after.draft), *switched)
    uow.events.append(
        WorkflowUpdated(
            id=ids.new(),
            tenant_id=after.tenant_id,
            aggregate_id=f"workflow:{after.id}",
            occurred_at=after.updated_at,
            key=after.key,
            fields=names,
            active=after.active,
        )
    )
    action = AuditAction.WORKFLOW_UPDATE
    uow.audit.append(audited(principal, action, after.key, after.updated_at, fields=sorted(names)))
