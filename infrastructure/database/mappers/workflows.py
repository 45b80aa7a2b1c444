"""Workflows and their versions as rows."""

from dataclasses import fields

from application.workflows.views import DraftView, PublishedView, VersionSummary, WorkflowSummary, about
from domain.workflows.definition import completed
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Published, Workflow
from infrastructure.database.transaction import Values

# Between tags, which hold no control characters.
SEPARATOR = "\x1f"
_AS_THEY_ARE = ("id", "tenant_id", "key", "draft", "digest", "active", "revision")
_TIMES = ("created_at", "updated_at", "drafted_at", "deleted_at")
_VERSION = tuple(field.name for field in fields(WorkflowVersion))
_SUMMARY = tuple(field.name for field in fields(VersionSummary))


def workflow_values(workflow: Workflow) -> Values:
    """A workflow as a row."""
    published = workflow.published
    return {
        **{name: getattr(workflow, name) for name in (*_AS_THEY_ARE, *_TIMES)},
        "live_key": workflow.key if workflow.deleted_at is None else None,
        "about": about(workflow.draft),
        "tags": SEPARATOR + "".join(tag + SEPARATOR for tag in completed(workflow.draft)["tags"]),
        "published_version": published.version if published else None,
        "published_at": published.at if published else None,
        "published_digest": published.digest if published else None,
    }


def workflow_from(row: Values) -> Workflow:
    """A row as a workflow."""
    published = None
    if row["published_version"] is not None:
        published = Published(version=row["published_version"], at=row["published_at"], digest=row["published_digest"])
    return Workflow(**{name: row[name] for name in (*_AS_THEY_ARE, *_TIMES)}, published=published)


def summary_from(row: Values) -> WorkflowSummary:
    """A row, of which the draft need not be read, as lists show it."""
    published = None
    if row["published_version"] is not None:
        published = PublishedView(version=row["published_version"], published_at=row["published_at"])
    return WorkflowSummary(
        id=row["id"],
        key=row["key"],
        about=row["about"],
        active=row["active"],
        published=published,
        draft=DraftView(changed=row["digest"] != row["published_digest"], updated_at=row["drafted_at"]),
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def version_values(version: WorkflowVersion) -> Values:
    """A version as a row: its fields are the columns."""
    return {name: getattr(version, name) for name in _VERSION}


def version_from(row: Values) -> WorkflowVersion:
    """A row as a version."""
    return WorkflowVersion(**{name: row[name] for name in _VERSION})


def version_summary_from(row: Values) -> VersionSummary:
    """A row, of which the document need not be read, as lists show it."""
    return VersionSummary(**{name: row[name] for name in _SUMMARY})
