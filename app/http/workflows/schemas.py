"""Workflows as JSON."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.http.query import PageQuery
from app.http.wire import Identifier, Tags, Time, Word, shaped, time_text
from app.http.workflows.steps import FreeJson, Step
from application.workflows.ports import WorkflowFilter
from application.workflows.queries import Side
from application.workflows.views import DraftView, PublishedView, VersionSummary, WorkflowSummary, WorkflowView
from domain.notifications.content import Severity
from domain.shared.json import JsonObject

HIGHEST_REVISION = 2**31 - 1
Line = Annotated[str, Meta(min_length=1, max_length=255)]
Revision = Annotated[int, Meta(ge=0, le=HIGHEST_REVISION, description="Refused if somebody has changed it since.")]
Locale = Annotated[str, Meta(min_length=1, max_length=64)]
Layout = Annotated[str, Meta(min_length=1, max_length=64)]
Description = Annotated[str, Meta(max_length=4_000)]
Steps = Annotated[list[Step], Meta(min_length=1, max_length=50)]
Translations = Annotated[
    dict[str, FreeJson], Meta(max_length=100, description="Texts for the filter `t`, by locale and key.")
]
SideName = Annotated[
    str, Meta(pattern=r"^(draft|published|[1-9][0-9]{0,8})\Z", description="`draft`, `published`, or a version.")
]


class ChannelPreferences(Struct, kw_only=True, forbid_unknown_fields=True):
    """A channel that is not named is on."""

    in_app: bool | None = None
    email: bool | None = None
    sms: bool | None = None
    push: bool | None = None
    chat: bool | None = None
    webhook: bool | None = None


class PreferenceDefaults(Struct, kw_only=True, forbid_unknown_fields=True):
    """What holds for people who said nothing else."""

    enabled: bool | None = None
    channels: ChannelPreferences | None = None


class WorkflowRouting(Struct, forbid_unknown_fields=True):
    """`all`: over every channel step; `single`: over the first that works."""

    method: Literal["all", "single"] | None = None


class OptionalFields(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a definition may leave out."""

    description: Description | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    severity: Severity | UnsetType | None = UNSET
    critical: bool | UnsetType | None = UNSET
    payload_schema: (
        Annotated[FreeJson, Meta(description="JSON Schema 2020-12 that payloads must fit.")] | UnsetType | None
    ) = UNSET
    preferences: PreferenceDefaults | UnsetType | None = UNSET
    routing: WorkflowRouting | UnsetType | None = UNSET
    translations: Translations | UnsetType | None = UNSET
    layout: Layout | UnsetType | None = UNSET
    default_locale: Locale | UnsetType | None = UNSET
    revision: Revision | UnsetType | None = UNSET


class PutWorkflowBody(OptionalFields, kw_only=True):
    """All of a draft: what is left out, or null, has its default. At most 512 kB."""

    name: Line
    steps: Steps


class PatchWorkflowBody(OptionalFields, kw_only=True):
    """What changes: a field that is left out stays, null gives it its default. Each is replaced whole, `steps` too."""

    name: Line | UnsetType = UNSET
    steps: Steps | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class PublishWorkflowBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it is published."""

    note: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


class RollBackWorkflowBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent again."""

    version: Annotated[int, Meta(ge=1, le=999_999_999)]


class WorkflowQuery(PageQuery, kw_only=True, rename="camel"):
    """Any of the tags."""

    tag: tuple[Identifier, ...] = ()
    active: bool | None = None
    search: Annotated[Word | None, Meta(description="How the key begins.")] = None


class WorkflowDiffQuery(Struct, kw_only=True, rename="camel"):
    """Which two are compared."""

    before: SideName = field(default="published", name="from")
    after: SideName = field(default="draft", name="to")


class PublishedBody(Struct, kw_only=True, rename="camel"):
    """The version that is sent."""

    version: int
    published_at: Time


class DraftBody(Struct, kw_only=True, rename="camel"):
    """Whether the draft says anything else than what is published."""

    changed: bool
    updated_at: Time


class DefinitionBody(Struct, kw_only=True, rename="camel"):
    """What a workflow does. Steps are as they were written."""

    name: str
    description: str
    tags: list[str]
    severity: Severity
    critical: bool
    payload_schema: FreeJson | None
    preferences: PreferenceDefaults
    routing: WorkflowRouting
    translations: Translations
    layout: str | None
    default_locale: str
    steps: list[Step]


class WorkflowBody(DefinitionBody, kw_only=True, rename="camel"):
    """A workflow: its draft, and what is sent of it. `revision` counts the changes."""

    key: str
    active: bool
    published: PublishedBody | None
    draft: DraftBody
    revision: int
    created_at: Time
    updated_at: Time


class StepNameBody(Struct, kw_only=True):
    """A step in a list of workflows."""

    key: str
    type: str


class WorkflowSummaryBody(Struct, kw_only=True, rename="camel"):
    """A workflow in a list: the draft without what may be long."""

    key: str
    name: str
    description: str
    tags: list[str]
    severity: Severity
    critical: bool
    steps: list[StepNameBody]
    active: bool
    published: PublishedBody | None
    draft: DraftBody
    revision: int
    created_at: Time
    updated_at: Time


class WorkflowVersionBody(Struct, kw_only=True, rename="camel"):
    """What was published once. `rolledBackTo` is the version that it is a copy of."""

    version: int
    digest: str
    note: str | None
    rolled_back_to: int | None
    published_at: Time
    published_by: str


class WorkflowVersionDetailBody(WorkflowVersionBody, kw_only=True, rename="camel"):
    """A version with what it says."""

    definition: DefinitionBody


def workflow_body(view: WorkflowView) -> WorkflowBody:
    """A workflow as it is answered."""
    return WorkflowBody(
        key=view.key,
        **definition_fields(view.definition),
        active=view.active,
        published=_published(view.published),
        draft=_draft(view.draft),
        revision=view.revision,
        created_at=time_text(view.created_at),
        updated_at=time_text(view.updated_at),
    )


def summary_body(view: WorkflowSummary) -> WorkflowSummaryBody:
    """A workflow as lists answer it."""
    return WorkflowSummaryBody(
        key=view.key,
        **view.about,
        active=view.active,
        published=_published(view.published),
        draft=_draft(view.draft),
        revision=view.revision,
        created_at=time_text(view.created_at),
        updated_at=time_text(view.updated_at),
    )


def version_fields(view: VersionSummary) -> dict[str, Any]:  # Any: field values of several types
    """What is said of a version wherever it is answered."""
    return {
        "version": view.number,
        "digest": view.digest,
        "note": view.note,
        "rolled_back_to": view.restores,
        "published_at": time_text(view.published_at),
        "published_by": view.published_by,
    }


def definition_fields(definition: JsonObject) -> dict[str, Any]:  # Any: as above
    """A completed definition by the names of fields: what is in them is answered as it was written."""
    renamed = {"payloadSchema": "payload_schema", "defaultLocale": "default_locale"}
    return {renamed.get(name, name): value for name, value in definition.items()}


def workflow_filter(query: WorkflowQuery) -> WorkflowFilter:
    """Which workflows to list."""
    return WorkflowFilter(tags=query.tag, active=query.active, search=query.search or "")


def side_of(text: str) -> Side:
    """One of two that are compared."""
    if text == "draft":
        return "draft"
    return "published" if text == "published" else int(text)


def _published(view: PublishedView | None) -> PublishedBody | None:
    return None if view is None else shaped(view, PublishedBody)


def _draft(view: DraftView) -> DraftBody:
    return shaped(view, DraftBody)
