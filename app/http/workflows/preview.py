"""POST /workflows/{key}/preview"""

from typing import Annotated, Any

from litestar import Controller, Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct, field

from app.http.dependencies import Injected
from app.http.envelope import Envelope, ok
from app.http.guards import requires
from app.http.requests import ApiRequest
from app.http.wire import Identifier, PathId
from app.http.workflows.schemas import side_of
from application.workflows.preview_workflow import PreviewCommand, PreviewView, PreviewWorkflow, StepPreview
from domain.identity.scopes import Scope
from domain.workflows.errors import WorkflowNotFound, WorkflowNotPublished, WorkflowVersionNotFound

# Any: free JSON, for the templates.
FreeJson = dict[str, Any]
Short = Annotated[str, Meta(min_length=1, max_length=255)]
_SIDE = Annotated[
    str, Meta(pattern=r"^(?:draft|published|[1-9][0-9]{0,8})$", description="`draft`, `published` or a version number.")
]


class PreviewRecipientBody(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Somebody stored, somebody made up, or a mixture."""

    subscriber_id: Identifier | None = None
    email: Short | None = None
    phone: Short | None = None
    first_name: Short | None = None
    last_name: Short | None = None
    locale: Short | None = None
    timezone: Short | None = None


class PreviewBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is looked at, with which payload and for whom."""

    of: _SIDE = "draft"
    payload: FreeJson = {}
    to: PreviewRecipientBody = field(default_factory=PreviewRecipientBody)


class TemplateProblemBody(Struct, kw_only=True):
    """Why a template cannot be rendered; `line` counts from 1, where it is known."""

    code: str
    message: str
    path: str
    line: int | None


class StepPreviewBody(Struct, kw_only=True):
    """A step: what it says over its channel, or why it cannot; null for steps that say nothing."""

    key: str
    type: str
    skipped: bool
    fields: FreeJson | None
    problem: TemplateProblemBody | None


class PayloadProblemBody(Struct, kw_only=True):
    """What the payload schema has against the payload."""

    path: str
    message: str


class WorkflowPreviewBody(Struct, kw_only=True):
    """What would be said; with `problems` a request with this payload would be refused."""

    problems: list[PayloadProblemBody]
    steps: list[StepPreviewBody]


class WorkflowPreviewController(Controller):
    """What a workflow would say."""

    path = "/workflows"
    tags = ("Workflows",)

    @post(
        "/{key:str}/preview",
        summary="Preview a workflow",
        status_code=200,
        guards=[requires(Scope.WORKFLOWS_READ)],
        errors=(WorkflowNotFound, WorkflowNotPublished, WorkflowVersionNotFound),
        example={"payload": {"id": 42}, "to": {"firstName": "Ada", "locale": "de"}},
    )
    async def preview_workflow(
        self,
        request: ApiRequest,
        key: PathId,
        data: JSONBody[PreviewBody],
        preview_workflow: Injected[PreviewWorkflow],
    ) -> Response[Envelope[WorkflowPreviewBody]]:
        """Every channel step as one recipient would get it. Nothing is sent."""
        return ok(_body(await preview_workflow(request.auth, _command(key, data))))


def _command(key: str, body: PreviewBody) -> PreviewCommand:
    to = body.to
    given = {
        "email": to.email,
        "phone": to.phone,
        "firstName": to.first_name,
        "lastName": to.last_name,
        "locale": to.locale,
        "timezone": to.timezone,
    }
    return PreviewCommand(
        key=key,
        side=side_of(body.of),
        payload=body.payload,
        subscriber_id=to.subscriber_id,
        contact={name: value for name, value in given.items() if value is not None},
    )


def _body(view: PreviewView) -> WorkflowPreviewBody:
    return WorkflowPreviewBody(
        problems=[PayloadProblemBody(path=each.path, message=each.message) for each in view.problems],
        steps=[_step(each) for each in view.steps],
    )


def _step(step: StepPreview) -> StepPreviewBody:
    problem = None
    if step.problem is not None:
        found = step.problem
        problem = TemplateProblemBody(code=found.code.value, message=found.message, path=found.path, line=found.line)
    return StepPreviewBody(
        key=step.key,
        type=step.type,
        skipped=step.skipped,
        fields=dict(step.fields) if step.fields is not None else None,
        problem=problem,
    )
