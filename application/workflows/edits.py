"""What somebody who edits a workflow sends."""

from dataclasses import dataclass
from typing import Final

from domain.shared.json import JsonObject
from domain.shared.problems import Problems
from domain.workflows.definition import DEFAULTS
from domain.workflows.fields import Fields

_REVISION: Final = "revision"
_ACTIVE: Final = "active"
_HIGHEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowEdit:
    """`fields` of a definition by wire name; `revision` is the one that the editor saw (0: none, it is to be new),
    None where it does not matter; `active` None leaves it.
    """

    fields: JsonObject
    revision: int | None = None
    active: bool | None = None


def whole_edit(body: JsonObject, problems: Problems) -> WorkflowEdit:
    """All of a draft."""
    revision = Fields(body, "", problems).integer(_REVISION, least=0, most=_HIGHEST)
    return WorkflowEdit(fields=_without(body, _REVISION), revision=revision)


def partial_edit(body: JsonObject, problems: Problems) -> WorkflowEdit:
    """Some fields of a draft, null for those to be cleared, and whether it is active."""
    fields = Fields(body, "", problems)
    revision = fields.integer(_REVISION, least=0, most=_HIGHEST)
    active = fields.flag(_ACTIVE, default=True) if _ACTIVE in body else None
    problems.check(body.get(_ACTIVE, True) is not None, _ACTIVE, "must be a boolean")
    rest = _without(body, _REVISION, _ACTIVE)
    for name in rest:
        problems.check(name in DEFAULTS, name, "is not a known field")
    return WorkflowEdit(
        fields={name: value for name, value in rest.items() if name in DEFAULTS}, revision=revision, active=active
    )


def patched(draft: JsonObject, fields: JsonObject) -> JsonObject:
    """The draft with these fields in the place of its own; null takes one away."""
    return {name: value for name, value in {**draft, **fields}.items() if value is not None}


def _without(body: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in body.items() if name not in names}
