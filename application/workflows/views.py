"""What callers see of workflows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared.json import JsonObject
from domain.workflows.definition import completed
from domain.workflows.diff import DefinitionDiff
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedView:
    """Which version is sent, since when."""

    version: int
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """Whether the draft says anything else than what is published, and when it was last written."""

    changed: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowView:
    """A workflow with its draft; `definition` has every field at the top."""

    key: str
    definition: JsonObject
    active: bool
    published: PublishedView | None
    draft: DraftView
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSummary:
    """A workflow in a list. `about` is the draft without what may be long: `{name, description, tags, severity,
    critical, steps: [{key, type}]}`.
    """

    id: UUID
    key: str
    about: JsonObject
    active: bool
    published: PublishedView | None
    draft: DraftView
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """A version in a list."""

    number: int
    digest: str
    note: str | None
    restores: int | None
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version with what it says; `definition` has every field at the top."""

    summary: VersionSummary
    definition: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffView:
    """What differs from one side to the other; a side's number is that of its version, None for the draft."""

    before: int | None
    after: int | None
    difference: DefinitionDiff


def workflow_view(workflow: Workflow) -> WorkflowView:
    """The workflow as callers may read it."""
    return WorkflowView(
        key=workflow.key,
        definition=completed(workflow.draft),
        active=workflow.active,
        published=published_view(workflow),
        draft=DraftView(changed=workflow.changed, updated_at=workflow.drafted_at),
        revision=workflow.revision,
        created_at=workflow.created_at,
        updated_at=workflow.updated_at,
    )


def published_view(workflow: Workflow) -> PublishedView | None:
    """What is sent of it."""
    published = workflow.published
    return PublishedView(version=published.version, published_at=published.at) if published else None


def about(definition: JsonObject) -> JsonObject:
    """What lists show of a definition."""
    whole = completed(definition)
    short = {name: whole[name] for name in ("name", "description", "tags", "severity", "critical")}
    return {**short, "steps": [{"key": step["key"], "type": step["type"]} for step in whole["steps"]]}


def workflow_summary(workflow: Workflow) -> WorkflowSummary:
    """The workflow as lists show it."""
    return WorkflowSummary(
        id=workflow.id,
        key=workflow.key,
        about=about(workflow.draft),
        active=workflow.active,
        published=published_view(workflow),
        draft=DraftView(changed=workflow.changed, updated_at=workflow.drafted_at),
        revision=workflow.revision,
        created_at=workflow.created_at,
        updated_at=workflow.updated_at,
    )


def version_summary(version: WorkflowVersion) -> VersionSummary:
    """The version as lists show it."""
    return VersionSummary(
        number=version.number,
        digest=version.digest,
        note=version.note,
        restores=version.restores,
        published_at=version.published_at,
        published_by=version.published_by,
    )


def version_view(version: WorkflowVersion) -> VersionView:
    """The version as callers may read it."""
    return VersionView(summary=version_summary(version), definition=completed(version.document))
