"""Making a draft what is sent."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.workflows.current_version import current_version
from application.workflows.definition_checks import DefinitionChecks
from application.workflows.ports import WorkflowReader
from application.workflows.queries import known_workflow
from application.workflows.views import VersionSummary, version_summary
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.workflows.errors import WorkflowEditConflict, WorkflowNotFound
from domain.workflows.events import WorkflowPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishWorkflow:
    """Make the draft the version that is sent from now on, under the next number.

    - It is checked again: what it refers to may be gone since it was written.
    - A draft that says nothing else than what is published makes no version.
    """

    unit_of_work: UnitOfWorkFactory
    workflows: WorkflowReader
    checks: DefinitionChecks
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str, note: str | None = None) -> VersionSummary:
        seen = await known_workflow(self.workflows, principal, key)
        await self.checks(seen.draft)
        async with self.unit_of_work() as uow:
            workflow = await uow.workflows.get(principal.tenant_id, key)
            if workflow is None:
                raise WorkflowNotFound
            if workflow.digest != seen.digest:
                raise WorkflowEditConflict
            if not workflow.changed:
                return version_summary(await current_version(uow, workflow))
            number, now = await uow.workflows.last_number(principal.tenant_id, key) + 1, self.clock.now()
            by = f"{principal.kind.value}:{principal.id}"
            after, version = workflow.publish(number=number, at=now, by=by, note=note)
            await uow.workflows.add_version(version)
            await uow.workflows.save(after)
            event = WorkflowPublished(
                id=self.ids.new(),
                tenant_id=principal.tenant_id,
                aggregate_id=f"workflow:{workflow.id}",
                occurred_at=now,
                key=key,
                version=number,
                digest=version.digest,
            )
            uow.events.append(event)
            uow.audit.append(audited(principal, AuditAction.WORKFLOW_PUBLISH, key, now, version=number))
            await uow.commit()
        return version_summary(version)
