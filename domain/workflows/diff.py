"""What differs between two definitions, step by step."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.shared.json import JsonObject, JsonValue
from domain.workflows.definition import completed
from domain.workflows.fields import below

_STEPS: Final = "steps"
_KEY: Final = "key"


class ChangeKind(StrEnum):
    """What became of a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field; `path` is in wire spelling, from the definition or from the step."""

    path: str
    kind: ChangeKind
    before: JsonValue = None
    after: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlace:
    """A step that is in one of both alone, and where, counted from 0."""

    key: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMove:
    """A step that passed others that are in both."""

    key: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """What changed within a step that is in both."""

    key: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDiff:
    """Nothing anywhere means that both say the same. A step may be changed and moved."""

    fields: tuple[FieldChange, ...] = ()
    added: tuple[StepPlace, ...] = ()
    removed: tuple[StepPlace, ...] = ()
    changed: tuple[StepChange, ...] = ()
    moved: tuple[StepMove, ...] = ()

    @property
    def same(self) -> bool:
        return self == DefinitionDiff()


def difference(before: JsonObject, after: JsonObject) -> DefinitionDiff:
    """What has to be done to one document for it to say what the other does; a default that is written out is none."""
    old, new = completed(before), completed(after)
    old_steps, new_steps = _by_key(old), _by_key(new)
    both = [key for key in old_steps if key in new_steps]
    changes = ((key, tuple(_changes(old_steps[key][1], new_steps[key][1], ""))) for key in both)
    return DefinitionDiff(
        fields=tuple(_changes(_without_steps(old), _without_steps(new), "")),
        added=tuple(StepPlace(key=key, index=at) for key, (at, _) in new_steps.items() if key not in old_steps),
        removed=tuple(StepPlace(key=key, index=at) for key, (at, _) in old_steps.items() if key not in new_steps),
        changed=tuple(StepChange(key=key, fields=fields) for key, fields in changes if fields),
        moved=tuple(
            StepMove(key=both[place], before=old_steps[both[place]][0], after=new_steps[both[place]][0])
            for place in _out_of_order([new_steps[key][0] for key in both])
        ),
    )


def _by_key(document: JsonObject) -> Mapping[str, tuple[int, JsonObject]]:
    return {step[_KEY]: (index, step) for index, step in enumerate(document[_STEPS])}


def _without_steps(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if name != _STEPS}


def _changes(before: JsonObject, after: JsonObject, path: str) -> Iterator[FieldChange]:
    for name in dict.fromkeys([*before, *after]):
        place, old, new = below(path, name), before.get(name), after.get(name)
        if name not in before:
            yield FieldChange(path=place, kind=ChangeKind.ADDED, after=new)
        elif name not in after:
            yield FieldChange(path=place, kind=ChangeKind.REMOVED, before=old)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _changes(old, new, place)
        # As JSON: to Python true is 1, and its digest is another.
        elif json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
            yield FieldChange(path=place, kind=ChangeKind.CHANGED, before=old, after=new)


def _out_of_order(places: Sequence[int]) -> list[int]:
    """The fewest indices without which `places` only grow: all but a longest growing part of it."""
    lows: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(lows, place)
        before.append(ends[length - 1] if length else -1)
        lows[length:] = [place, *lows[length + 1 :]]
        ends[length:] = [index, *ends[length + 1 :]]
    kept: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return [index for index in range(len(places)) if index not in kept]
