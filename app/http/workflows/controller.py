"""/workflows"""

from typing import Annotated, Any, Final

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter

from app.http.dependencies import Injected
from app.http.envelope import Envelope, Listing, created, listing, ok
from app.http.guards import requires
from app.http.query import PageQuery, read_query
from app.http.requests import ApiRequest
from app.http.wire import PathId
from app.http.workflows.answers import WorkflowDiffBody, diff_body, version_body, version_detail_body
from app.http.workflows.schemas import (
    PatchWorkflowBody,
    PublishWorkflowBody,
    PutWorkflowBody,
    RollBackWorkflowBody,
    WorkflowBody,
    WorkflowDiffQuery,
    WorkflowQuery,
    WorkflowSummaryBody,
    WorkflowVersionBody,
    WorkflowVersionDetailBody,
    side_of,
    summary_body,
    workflow_body,
    workflow_filter,
)
from application.shared.cursors import InvalidCursor
from application.workflows.delete_workflow import DeleteWorkflow
from application.workflows.patch_workflow import PatchWorkflow
from application.workflows.publish_workflow import PublishWorkflow
from application.workflows.put_workflow import PutWorkflow
from application.workflows.queries import (
    CompareWorkflow,
    GetWorkflow,
    GetWorkflowVersion,
    ListWorkflows,
    ListWorkflowVersions,
)
from application.workflows.roll_back_workflow import RollBackWorkflow
from domain.identity.scopes import Scope
from domain.workflows.errors import (
    WorkflowEditConflict,
    WorkflowInvalid,
    WorkflowNotFound,
    WorkflowNotPublished,
    WorkflowVersionNotFound,
)

# Any: free JSON, which the rules of the domain read.
FreeJson = dict[str, Any]
Number = Annotated[int, PathParameter(ge=1, le=999_999_999)]
EXAMPLE: Final = {
    "name": "Order shipped",
    "tags": ["orders"],
    "steps": [
        {"key": "inbox", "type": "in_app", "template": {"title": "Order {{ payload.id }}", "body": "On its way."}},
        {"key": "pause", "type": "delay", "delay": {"for": "10m"}},
        {
            "key": "mail",
            "type": "email",
            "if": {"!": {"var": "steps.inbox.read"}},
            "template": {"subject": "Order {{ payload.id }}", "text": "It is on its way."},
        },
    ],
}


class WorkflowsController(Controller):
    """Named, versioned kinds of notifications."""

    path = "/workflows"
    tags = ("Workflows",)

    @get(
        summary="List workflows", guards=[requires(Scope.WORKFLOWS_READ)], query=WorkflowQuery, errors=(InvalidCursor,)
    )
    async def list_workflows(
        self, request: ApiRequest, list_workflows: Injected[ListWorkflows]
    ) -> Response[Listing[WorkflowSummaryBody]]:
        """Newest first. A comma between tags means or."""
        query = read_query(request.scope["query_string"], WorkflowQuery)
        page = await list_workflows(request.auth, workflow_filter(query), cursor=query.cursor, limit=query.limit)
        return listing(page, summary_body)

    @put(
        "/{key:str}",
        summary="Create a workflow or replace its draft",
        guards=[requires(Scope.WORKFLOWS_WRITE)],
        creates=True,
        body=PutWorkflowBody,
        errors=(WorkflowInvalid, WorkflowEditConflict),
        example=EXAMPLE,
    )
    async def put_workflow(
        self, request: ApiRequest, key: PathId, data: JSONBody[FreeJson], put_workflow: Injected[PutWorkflow]
    ) -> Response[Envelope[WorkflowBody]]:
        """What is sent stays what was published. All that is wrong with the definition is told at once."""
        view, new = await put_workflow(request.auth, key, data)
        return created(workflow_body(view), new=new)

    @get("/{key:str}", summary="Read a workflow", guards=[requires(Scope.WORKFLOWS_READ)], errors=(WorkflowNotFound,))
    async def get_workflow(
        self, request: ApiRequest, key: PathId, get_workflow: Injected[GetWorkflow]
    ) -> Response[Envelope[WorkflowBody]]:
        """With its draft."""
        return ok(workflow_body(await get_workflow(request.auth, key)))

    @patch(
        "/{key:str}",
        summary="Change a workflow",
        guards=[requires(Scope.WORKFLOWS_WRITE)],
        body=PatchWorkflowBody,
        errors=(WorkflowNotFound, WorkflowInvalid, WorkflowEditConflict),
    )
    async def patch_workflow(
        self, request: ApiRequest, key: PathId, data: JSONBody[FreeJson], patch_workflow: Injected[PatchWorkflow]
    ) -> Response[Envelope[WorkflowBody]]:
        """Fields of the draft, and whether it is active. A field that is left out stays."""
        return ok(workflow_body(await patch_workflow(request.auth, key, data)))

    @delete(
        "/{key:str}", summary="Remove a workflow", guards=[requires(Scope.WORKFLOWS_WRITE)], errors=(WorkflowNotFound,)
    )
    async def delete_workflow(
        self, request: ApiRequest, key: PathId, delete_workflow: Injected[DeleteWorkflow]
    ) -> None:
        """The key may be used again. What was sent with it stays readable."""
        await delete_workflow(request.auth, key)

    @post(
        "/{key:str}/publish",
        summary="Publish the draft of a workflow",
        status_code=200,
        guards=[requires(Scope.WORKFLOWS_WRITE)],
        errors=(WorkflowNotFound, WorkflowInvalid, WorkflowEditConflict),
    )
    async def publish_workflow(
        self,
        request: ApiRequest,
        key: PathId,
        publish_workflow: Injected[PublishWorkflow],
        data: JSONBody[PublishWorkflowBody | None] = None,
    ) -> Response[Envelope[WorkflowVersionBody]]:
        """It is what is sent from now on. A draft that says nothing new is answered with the version there is."""
        return ok(version_body(await publish_workflow(request.auth, key, data.note if data else None)))

    @post(
        "/{key:str}/rollback",
        summary="Roll a workflow back",
        status_code=200,
        guards=[requires(Scope.WORKFLOWS_WRITE)],
        errors=(WorkflowNotFound, WorkflowVersionNotFound),
        example={"version": 1},
    )
    async def roll_back_workflow(
        self,
        request: ApiRequest,
        key: PathId,
        data: JSONBody[RollBackWorkflowBody],
        roll_back_workflow: Injected[RollBackWorkflow],
    ) -> Response[Envelope[WorkflowVersionBody]]:
        """A copy of the version is published under the next number. The draft stays."""
        return ok(version_body(await roll_back_workflow(request.auth, key, data.version)))

    @get(
        "/{key:str}/versions",
        summary="List the versions of a workflow",
        guards=[requires(Scope.WORKFLOWS_READ)],
        query=PageQuery,
        errors=(WorkflowNotFound, InvalidCursor),
    )
    async def list_workflow_versions(
        self, request: ApiRequest, key: PathId, list_workflow_versions: Injected[ListWorkflowVersions]
    ) -> Response[Listing[WorkflowVersionBody]]:
        """Newest first."""
        query = read_query(request.scope["query_string"], PageQuery)
        page = await list_workflow_versions(request.auth, key, cursor=query.cursor, limit=query.limit)
        return listing(page, version_body)

    @get(
        "/{key:str}/versions/{number:int}",
        summary="Read a version of a workflow",
        guards=[requires(Scope.WORKFLOWS_READ)],
        errors=(WorkflowNotFound, WorkflowVersionNotFound),
    )
    async def get_workflow_version(
        self, request: ApiRequest, key: PathId, number: Number, get_workflow_version: Injected[GetWorkflowVersion]
    ) -> Response[Envelope[WorkflowVersionDetailBody]]:
        """With what it says."""
        return ok(version_detail_body(await get_workflow_version(request.auth, key, number)))

    @get(
        "/{key:str}/diff",
        summary="Compare a workflow's draft and versions",
        guards=[requires(Scope.WORKFLOWS_READ)],
        query=WorkflowDiffQuery,
        errors=(WorkflowNotFound, WorkflowVersionNotFound, WorkflowNotPublished),
    )
    async def compare_workflow(
        self, request: ApiRequest, key: PathId, compare_workflow: Injected[CompareWorkflow]
    ) -> Response[Envelope[WorkflowDiffBody]]:
        """Step by step, by their keys. Without parameters: what publishing would change."""
        query = read_query(request.scope["query_string"], WorkflowDiffQuery)
        return ok(diff_body(await compare_workflow(request.auth, key, side_of(query.before), side_of(query.after))))
