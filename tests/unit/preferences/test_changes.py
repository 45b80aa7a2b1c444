"""What changed between two states of somebody's preferences."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.preferences.changes import PreferenceChange, difference, merged
from domain.preferences.preference import NO_PREFERENCES, SubscriberPreferences
from domain.preferences.reading import PreferenceReader
from domain.shared.json import JsonObject, JsonValue
from domain.shared.problems import Problems


def preferences(value: JsonValue) -> SubscriberPreferences:
    problems = Problems()
    found = PreferenceReader(channels=("email", "sms"), severities=("none", "high"), problems=problems)
    read = found.preferences(value)
    problems.refuse()
    return read


def changes(old: JsonValue, new: JsonValue) -> list[tuple[str, JsonValue, JsonValue]]:
    found = difference(preferences(old), preferences(new))
    return [(change.path, change.old, change.new) for change in found]


NIGHT, DAY = [{"start": "22:00", "end": "07:00"}], [{"start": "10:00", "end": "12:00"}]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"global": {"enabled": False}}, [("global.enabled", None, False)]),
        ({"global": {"enabled": False}}, {}, [("global.enabled", False, None)]),
        (
            {"workflows": {"a.b": {"channels": {"sms": True}}}},
            {"workflows": {"a.b": {"channels": {"sms": False}}, "c": {"enabled": True}}},
            [("workflows.c.enabled", None, True), ('workflows["a.b"].channels.sms', True, False)],
        ),
        (
            {"quietHours": {"weekly": {"monday": NIGHT, "friday": NIGHT}}},
            {"quietHours": {"weekly": {"monday": DAY, "friday": NIGHT}}},
            [("quietHours.weekly.monday", NIGHT, DAY)],
        ),
        (
            {"doNotDisturb": {"until": "2026-06-01T12:00:00Z"}},
            {"doNotDisturb": {"until": "2026-06-01T14:00:00+02:00"}},
            [],
        ),
    ],
)
def test_every_field_that_differs_is_told_with_both_values(
    old: JsonValue, new: JsonValue, expected: list[tuple[str, JsonValue, JsonValue]]
) -> None:
    assert changes(old, new) == expected


def test_switching_quiet_hours_on_is_a_change_when_no_time_is_in_them() -> None:
    assert changes({}, {"quietHours": {}}) == [("quietHours.enabled", None, True)]


SETS = st.fixed_dictionaries(
    {},
    optional={"enabled": st.booleans(), "channels": st.dictionaries(st.sampled_from(["email", "sms"]), st.booleans())},
)
SWITCHES = st.fixed_dictionaries(
    {}, optional={"global": SETS, "workflows": st.dictionaries(st.sampled_from(["a", "b.c"]), SETS)}
)


@given(SWITCHES, SWITCHES)
def test_there_is_a_change_exactly_when_the_two_are_not_the_same(old: JsonObject, new: JsonObject) -> None:
    there, back = difference(preferences(old), preferences(new)), difference(preferences(new), preferences(old))

    assert bool(there) == (difference(preferences(old), NO_PREFERENCES) != difference(preferences(new), NO_PREFERENCES))
    assert back == [PreferenceChange(path=each.path, old=each.new, new=each.old) for each in there]


# The examples of RFC 7396, appendix A, whose patch and result are objects.
@pytest.mark.parametrize(
    ("stored", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patch_is_merged_as_rfc_7396_has_it(
    stored: JsonObject, patch: JsonObject, result: Mapping[str, JsonValue]
) -> None:
    before = repr(stored)

    assert merged(stored, patch) == result
    assert repr(stored) == before
