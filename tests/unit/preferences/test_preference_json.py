"""Preferences from JSON and back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.preferences.preference import NO_PREFERENCES, SubscriberPreferences
from domain.preferences.reading import MOST_INTERVALS_A_DAY, MOST_SCOPES, PreferenceReader
from domain.preferences.writing import preferences_json, switches_json
from domain.shared.errors import InvalidInput
from domain.shared.json import JsonValue
from domain.shared.problems import Problems

CHANNELS = ("in_app", "email", "sms", "push", "chat", "webhook")
SEVERITIES = ("none", "low", "medium", "high")
EVERYTHING: dict[str, Any] = {  # Any: JSON
    "global": {"enabled": True, "channels": {"email": False}},
    "workflows": {"order-shipped": {"enabled": False}, "a.b": {"channels": {"sms": True}}},
    "categories": {"orders": {"enabled": True, "channels": {"push": False}}},
    "quietHours": {
        "enabled": True,
        "timezone": "Europe/Berlin",
        "weekly": {"monday": [{"start": "22:00", "end": "07:00"}, {"start": "12:00", "end": "24:00"}]},
        "channels": ["email", "push"],
        "letThrough": ["high"],
    },
    "doNotDisturb": {"until": "2026-06-01T12:00:00.000Z"},
}


def read(value: JsonValue) -> SubscriberPreferences:
    problems = Problems()
    preferences = PreferenceReader(channels=CHANNELS, severities=SEVERITIES, problems=problems).preferences(value)
    problems.refuse()
    return preferences


def problems_of(value: JsonValue) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        read(value)
    return {problem.path: problem.message for problem in refused.value.problems}


def test_preferences_are_written_as_they_were_read_when_nothing_is_wrong() -> None:
    assert preferences_json(read(EVERYTHING)) == EVERYTHING


@pytest.mark.parametrize("value", [None, {}, {"global": None, "workflows": {"x": {}}, "quietHours": None}])
def test_preferences_are_empty_when_nothing_is_said(value: JsonValue) -> None:
    assert preferences_json(read(value)) == {}
    assert read(value) == NO_PREFERENCES
    assert preferences_json(NO_PREFERENCES) == {}


def test_tenants_have_switches_and_no_hours() -> None:
    problems = Problems()
    reader = PreferenceReader(channels=CHANNELS, severities=SEVERITIES, problems=problems)
    switches = {name: EVERYTHING[name] for name in ("global", "workflows", "categories")}

    assert switches_json(reader.switches(switches)) == switches
    assert not problems
    reader.switches(EVERYTHING)
    with pytest.raises(InvalidInput) as refused:
        problems.refuse()
    assert [problem.path for problem in refused.value.problems] == ["quietHours", "doNotDisturb"]


TIME = "is not a time of day from 00:00 to 23:59"


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ([], "", "must be an object"),
        ({"colour": 1}, "colour", "is not known here"),
        ({"global": {"enabled": 1}}, "global.enabled", "must be true or false"),
        ({"global": {"channels": {"fax": True}}}, "global.channels.fax", "is not known here"),
        ({"workflows": {"x": {"channels": {"sms": "no"}}}}, "workflows.x.channels.sms", "must be true or false"),
        ({"categories": {"a.b": True}}, 'categories["a.b"]', "must be an object"),
        ({"categories": {"": {}}}, "categories", "has a key that is no text of 1 to 64 characters"),
        ({"categories": {"a\x00": {}}}, "categories", "has a key that is no text of 1 to 64 characters"),
        ({"quietHours": {"timezone": "Mars/Base"}}, "quietHours.timezone", "is not an IANA time zone"),
        ({"quietHours": {"weekly": {"mon": []}}}, "quietHours.weekly.mon", "is not known here"),
        ({"quietHours": {"weekly": {"monday": [{"start": "24:00", "end": "24:00"}]}}}, "…[0].start", TIME),
        ({"quietHours": {"weekly": {"monday": [{"start": 9, "end": "10:00"}]}}}, "…[0].start", TIME),
        ({"quietHours": {"weekly": {"monday": [{"start": "09:00"}]}}}, "…[0].end", TIME.replace("23:59", "24:00")),
        ({"quietHours": {"weekly": {"monday": "22:00"}}}, "…", "must be an array"),
        ({"quietHours": {"channels": ["fax"]}}, "quietHours.channels[0]", f"must be one of {', '.join(CHANNELS)}"),
        ({"quietHours": {"letThrough": ["all"]}}, "quietHours.letThrough[0]", "must be one of none, low, medium, high"),
        ({"doNotDisturb": {}}, "doNotDisturb.until", "is required"),
        ({"doNotDisturb": {"until": "9999-01-01T00:00:00Z"}}, "doNotDisturb.until", "lies too far ahead"),
    ],
)
def test_field_is_named_when_it_is_wrong(value: JsonValue, path: str, message: str) -> None:
    assert problems_of(value) == {path.replace("…", "quietHours.weekly.monday"): message}


@pytest.mark.parametrize(
    "until",
    [
        *("2026-06-01T12:00:00", "2026-06-01", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-06-30T23:59:60Z"),
        *("9999-12-31T23:59:59-12:00", "2026-W01-1T00:00:00Z", "2026-02-30T00:00:00Z", "1e18", 1e18, True),
    ],
)
def test_moment_is_refused_when_it_is_none_of_rfc_3339(until: JsonValue) -> None:
    words = "is not a point in time with its zone (RFC 3339), in the years 1970 to 9999"

    assert problems_of({"doNotDisturb": {"until": until}}) == {"doNotDisturb.until": words}


@pytest.mark.parametrize("text", ["2026-06-01t14:00:00.1239+02:00", "2026-06-01T12:00:00.123z"])
def test_moment_is_in_utc_and_whole_milliseconds_when_it_is_written_otherwise(text: str) -> None:
    alone = read({"doNotDisturb": {"until": text}}).do_not_disturb

    assert alone is not None
    assert alone.until == datetime(2026, 6, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    assert alone.until.tzinfo is UTC


def test_sizes_are_bounded_when_there_is_too_much() -> None:
    many = {f"w{number}": {"enabled": False} for number in range(MOST_SCOPES + 1)}
    day = [{"start": "00:00", "end": "00:01"}] * (MOST_INTERVALS_A_DAY + 1)

    found = problems_of({"workflows": many, "quietHours": {"weekly": {"monday": day}}})

    assert found == {
        "workflows": "has more than 1000 entries",
        "quietHours.weekly.monday": "has more than 24 entries",
    }


def test_everything_is_named_when_several_fields_are_wrong() -> None:
    assert len(problems_of({"global": {"enabled": "x", "channels": []}, "doNotDisturb": 7, "x": 1})) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["22:00", "monday", "sms"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from([*EVERYTHING, *EVERYTHING["quietHours"], "until", "start", "monday"]), below)
    ),
)


@given(JSON)
@settings(deadline=None)
def test_reading_answers_or_refuses_when_the_json_is_any(value: JsonValue) -> None:
    problems = Problems()
    reader = PreferenceReader(channels=CHANNELS, severities=SEVERITIES, problems=problems)

    preferences = reader.preferences(value)

    assert problems or read(preferences_json(preferences)) == preferences
