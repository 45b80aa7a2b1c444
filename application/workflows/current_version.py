"""The version that a workflow sends."""

from application.ports.unit_of_work import UnitOfWork
from domain.workflows.errors import WorkflowVersionNotFound
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow


async def current_version(uow: UnitOfWork, workflow: Workflow) -> WorkflowVersion:
    """The published version; raises `WorkflowNotPublished` without one."""
    number = workflow.published_version().version
    version = await uow.workflows.version(workflow.tenant_id, workflow.key, number)
    if version is None:
        raise WorkflowVersionNotFound
    return version
