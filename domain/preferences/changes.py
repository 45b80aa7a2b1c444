"""What changed between two states of somebody's preferences, for the log of changes; and how a change is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.preferences.preference import SubscriberPreferences
from domain.preferences.writing import preferences_json
from domain.shared.json import JsonObject, JsonValue
from domain.shared.reading import path_to


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChange:
    """One field, by its path in wire spelling; None is a field that was not there, or is no longer."""

    path: str
    old: JsonValue
    new: JsonValue


def difference(old: SubscriberPreferences, new: SubscriberPreferences) -> list[PreferenceChange]:
    """Every field that is not the same in both, by path. A list, like the quiet times of a weekday, is one field."""
    before, after = dict(_fields(preferences_json(old))), dict(_fields(preferences_json(new)))
    return [
        PreferenceChange(path=path, old=before.get(path), new=after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def merged(stored: JsonObject, changes: JsonObject) -> dict[str, JsonValue]:
    """`stored` with the changes made as a JSON Merge Patch asks for them (RFC 7396): null takes a field away."""
    result = dict(stored)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def _fields(value: JsonObject, path: str = "") -> Iterator[tuple[str, JsonValue]]:
    for name, below in value.items():
        if isinstance(below, Mapping):
            yield from _fields(below, path_to(path, name))
        else:
            yield path_to(path, name), below
