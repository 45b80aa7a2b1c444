"""What can be wrong with a workflow."""

from typing import Final

from domain.shared.errors import Conflict, InvalidInput, NotFound
from domain.shared.problems import Problems

# Nobody mends more in one go, and a definition may hold a problem for each of its bytes.
MOST_PROBLEMS: Final = 100


class WorkflowNotFound(NotFound):
    """Workflow not found"""

    code = "workflows.not_found"


class WorkflowVersionNotFound(NotFound):
    """Version of the workflow not found"""

    code = "workflows.version_not_found"


class WorkflowNotPublished(Conflict):
    """Workflow is not published"""

    code = "workflows.not_published"


class WorkflowEditConflict(Conflict):
    """Workflow was changed meanwhile"""

    code = "workflows.edit_conflict"


class WorkflowInvalid(InvalidInput):
    """Workflow is invalid"""

    code = "workflows.invalid"


def refuse_workflow(problems: Problems) -> None:
    """Raise `WorkflowInvalid` with the first hundred of what was found; does nothing when there is nothing."""
    try:
        problems.refuse()
    except InvalidInput as refusal:
        raise WorkflowInvalid(refusal.detail, problems=refusal.problems[:MOST_PROBLEMS]) from None
