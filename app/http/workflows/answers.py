"""What is answered about versions and what differs between them."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from app.http.workflows.schemas import (
    DefinitionBody,
    WorkflowVersionBody,
    WorkflowVersionDetailBody,
    definition_fields,
    version_fields,
)
from application.workflows.views import DiffView, VersionSummary, VersionView
from domain.workflows.diff import ChangeKind, FieldChange


class ComparedBody(Struct, kw_only=True):
    """One of the two that were compared; null for the draft."""

    version: int | None


class FieldChangeBody(Struct, kw_only=True):
    """One field, from the definition or from the step."""

    path: str
    change: ChangeKind
    # Any: whatever JSON the field holds.
    before: Any | UnsetType = field(default=UNSET, name="from")
    after: Any | UnsetType = field(default=UNSET, name="to")


class StepPlaceBody(Struct, kw_only=True):
    """A step that is in one of both alone, and where, counted from 0."""

    key: str
    index: int


class StepMoveBody(Struct, kw_only=True):
    """A step that passed others, and from where to where."""

    key: str
    before: int = field(name="from")
    after: int = field(name="to")


class StepChangeBody(Struct, kw_only=True):
    """What changed within a step."""

    key: str
    fields: list[FieldChangeBody]


class StepChangesBody(Struct, kw_only=True):
    """What became of the steps, by their keys."""

    added: list[StepPlaceBody]
    removed: list[StepPlaceBody]
    changed: list[StepChangeBody]
    moved: list[StepMoveBody]


class WorkflowDiffBody(Struct, kw_only=True):
    """What has to be done to the one to get the other."""

    before: ComparedBody = field(name="from")
    after: ComparedBody = field(name="to")
    same: bool
    fields: list[FieldChangeBody]
    steps: StepChangesBody


def version_body(view: VersionSummary) -> WorkflowVersionBody:
    """A version as it is answered."""
    return WorkflowVersionBody(**version_fields(view))


def version_detail_body(view: VersionView) -> WorkflowVersionDetailBody:
    """A version with what it says."""
    definition = DefinitionBody(**definition_fields(view.definition))
    return WorkflowVersionDetailBody(**version_fields(view.summary), definition=definition)


def diff_body(view: DiffView) -> WorkflowDiffBody:
    """What differs, as it is answered."""
    found = view.difference
    return WorkflowDiffBody(
        before=ComparedBody(version=view.before),
        after=ComparedBody(version=view.after),
        same=found.same,
        fields=[_change(each) for each in found.fields],
        steps=StepChangesBody(
            added=[StepPlaceBody(key=each.key, index=each.index) for each in found.added],
            removed=[StepPlaceBody(key=each.key, index=each.index) for each in found.removed],
            changed=[StepChangeBody(key=each.key, fields=list(map(_change, each.fields))) for each in found.changed],
            moved=[StepMoveBody(key=each.key, before=each.before, after=each.after) for each in found.moved],
        ),
    )


def _change(change: FieldChange) -> FieldChangeBody:
    return FieldChangeBody(
        path=change.path,
        change=change.kind,
        before=UNSET if change.kind is ChangeKind.ADDED else change.before,
        after=UNSET if change.kind is ChangeKind.REMOVED else change.after,
    )
