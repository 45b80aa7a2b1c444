"""Whether a tenant's schema may be used, and what has to be known of it before it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from domain.shared.errors import FieldProblem
from domain.shared.json import JsonObject, JsonValue
from infrastructure.system.schemas.pattern_syntax import PatternRefused
from infrastructure.system.schemas.patterns import Pattern
from infrastructure.system.schemas.wording import path_below

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MAX_SUBSCHEMAS: Final = 1_000

_ONE: Final = frozenset(
    {"additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
# What is held against the same value as the schema around it.
_IN_PLACE: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_UNSUPPORTED: Final = ("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary")

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A schema's parts by their place in it, its patterns, and what is wrong with it beyond its form."""

    patterns: dict[str, Pattern] = field(default_factory=dict)
    parts: dict[Place, JsonValue] = field(default_factory=dict)
    anchors: dict[str, Place] = field(default_factory=dict)
    same_value: dict[Place, list[Place]] = field(default_factory=dict)
    problems: list[tuple[Place, str]] = field(default_factory=list)

    def problems_below(self, at: str) -> Iterator[FieldProblem]:
        return (FieldProblem(path_below(at, place), words) for place, words in self.problems)


def define(schema: JsonObject) -> Definition:
    """Look at every part of a schema, whatever its form; it is at most 50 levels deep."""
    found = Definition()
    _define_part(found, schema, ())
    if len(found.parts) > MAX_SUBSCHEMAS:
        found.problems.append(((), f"has more than {MAX_SUBSCHEMAS:,} schemas in it"))
        return found
    for place, part in found.parts.items():
        _check_reference(found, place, part)
    if {"unevaluatedProperties", "patternProperties"} <= {
        name for part in found.parts.values() for name in _names(part)
    }:
        found.problems.append(((), "uses unevaluatedProperties beside patternProperties, which is not supported"))
    found.problems.extend((place, "refers to itself without end") for place in _endless(found.same_value))
    return found


def _names(part: JsonValue) -> Mapping[str, JsonValue]:
    return part if isinstance(part, Mapping) else {}


def _define_part(found: Definition, part: JsonValue, place: Place) -> None:
    found.parts[place] = part
    if not isinstance(part, Mapping) or len(found.parts) > MAX_SUBSCHEMAS:
        return
    _check_names(found, part, place)
    for keyword, child, below in _children(part):
        if keyword in _IN_PLACE:
            found.same_value.setdefault(place, []).append((*place, *below))
        if keyword == "patternProperties":
            _define_pattern(found, str(below[-1]), (*place, keyword))
        _define_part(found, child, (*place, *below))
    if isinstance(part.get("pattern"), str):
        _define_pattern(found, part["pattern"], (*place, "pattern"))
    if isinstance(part.get("$anchor"), str):
        found.anchors[part["$anchor"]] = place


def _children(part: JsonObject) -> Iterator[tuple[str, JsonValue, Place]]:
    for keyword, value in part.items():
        if keyword in _ONE:
            yield keyword, value, (keyword,)
        elif keyword in _LISTS and isinstance(value, list | tuple):
            yield from ((keyword, each, (keyword, index)) for index, each in enumerate(value))
        elif keyword in _MAPS and isinstance(value, Mapping):
            yield from ((keyword, each, (keyword, name)) for name, each in value.items())


def _check_names(found: Definition, part: JsonObject, place: Place) -> None:
    found.problems.extend(((*place, name), "is not supported") for name in _UNSUPPORTED if name in part)
    if place and "$id" in part:
        found.problems.append(((*place, "$id"), "is allowed at the top of the schema alone"))
    dialect = part.get("$schema", DIALECT)
    if dialect not in (DIALECT, DIALECT + "#"):
        found.problems.append(((*place, "$schema"), f"is not {DIALECT}"))
    elif place and "$schema" in part:
        found.problems.append(((*place, "$schema"), "is allowed at the top of the schema alone"))


def _define_pattern(found: Definition, source: str, place: Place) -> None:
    if source not in found.patterns:
        try:
            found.patterns[source] = Pattern(source)
        except PatternRefused as refused:
            found.problems.append((place, f"{source!r:.60} {refused}"))


def _check_reference(found: Definition, place: Place, part: JsonValue) -> None:
    reference = _names(part).get("$ref")
    if not isinstance(reference, str):
        return
    target = _target(found, reference) if reference.startswith("#") else None
    if target is None:
        words = "leads to no schema in this one" if reference.startswith("#") else "leads out of this schema"
        found.problems.append(((*place, "$ref"), words))
    else:
        found.same_value.setdefault(place, []).append(target)


def _target(found: Definition, reference: str) -> Place | None:
    """The place that a fragment names: an anchor, or a pointer (RFC 6901) to a part that is a schema."""
    fragment = unquote(reference[1:])
    if fragment and not fragment.startswith("/"):
        return found.anchors.get(fragment)
    names = [name.replace("~1", "/").replace("~0", "~") for name in fragment.split("/")[1:]]
    place: Place = ()
    for name in names:
        place = (*place, int(name) if place and place[-1] in _LISTS and name.isdecimal() else name)
    return place if place in found.parts else None


def _endless(same_value: Mapping[Place, list[Place]]) -> Iterator[Place]:
    """Where a schema comes back to itself without having gone on to a part of the value."""
    done: set[Place] = set()
    for start in same_value:
        trail: list[tuple[Place, Iterator[Place]]] = [(start, iter(same_value[start]))]
        above = {start}
        while trail and start not in done:
            place, following = trail[-1]
            after = next((each for each in following if each not in done), None)
            if after in above:
                yield place
                return
            if after is None:
                done.add(place)
                above.discard(place)
                trail.pop()
            else:
                above.add(after)
                trail.append((after, iter(same_value.get(after, ()))))
