"""Changes of preferences, as callers ask for them."""

from collections.abc import Mapping
from typing import Final

from application.preferences.documents import preference_reader
from domain.preferences.preference import SubscriberPreferences, Switches
from domain.preferences.writing import preferences_json
from domain.shared.json import JsonObject, JsonValue, problem_with
from domain.shared.problems import Problems

_BY_KEY: Final = ("workflows", "categories")


def patched(preferences: SubscriberPreferences, changes: JsonObject) -> SubscriberPreferences:
    """The preferences with a JSON Merge Patch (RFC 7396) made; raises `InvalidInput` with all that is wrong.

    Names that are not known are refused also where null takes them away: what was meant would stay.
    """
    problems = _problems_of(changes)
    after = preference_reader(problems).preferences(_overlaid(preferences_json(preferences), changes))
    problems.refuse()
    return after


def read_switches(document: JsonObject) -> Switches:
    """Switches as a caller wrote them; raises `InvalidInput` with all that is wrong."""
    problems = _problems_of(document)
    switches = preference_reader(problems).switches(document)
    problems.refuse()
    return switches


def changed_names(before: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """The names at the top whose values differ."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _problems_of(document: JsonObject) -> Problems:
    """None; raises `InvalidInput` for JSON that must not even be walked through."""
    problems = Problems()
    if words := problem_with(document):
        problems.add("", words)
    problems.refuse()
    return problems


def _overlaid(stored: JsonObject, changes: JsonObject) -> dict[str, JsonValue]:
    """What `merged` makes of them, except that a null stays: the reader takes it for nothing, but looks at its name.
    Keys of the caller's own have no wrong names, and those taken away must not count as entries.
    """
    whole = _with_nulls(stored, changes)
    for name in _BY_KEY:
        scopes = whole.get(name)
        if isinstance(scopes, Mapping):
            whole[name] = {key: value for key, value in scopes.items() if value is not None}
    return whole


def _with_nulls(stored: JsonObject, changes: JsonObject) -> dict[str, JsonValue]:
    result = dict(stored)
    for name, value in changes.items():
        below = result.get(name)
        if isinstance(value, Mapping):
            result[name] = _with_nulls(below if isinstance(below, Mapping) else {}, value)
        else:
            result[name] = value
    return result
