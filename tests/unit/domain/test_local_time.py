"""Wall times and instants, through all that clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.local_time import (
    instant_of,
    instants_of,
    read_time_of_day,
    time_of_day_text,
    wall_at,
    wall_time,
    zone_named,
)
from tests.unit.schedules.zones import moments

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/Berlin", "2026-07-01T09:00", "2026-07-01T07:00Z"),
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T02:59", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"),
        ("America/Sao_Paulo", "2018-11-04T00:30", "2018-11-04T03:00Z"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00Z"),
    ],
)
def test_instant_is_the_jump_or_the_first_of_two_when_clocks_change(zone: str, wall: str, instant: str) -> None:
    assert instant_of(datetime.fromisoformat(wall), ZoneInfo(zone)) == datetime.fromisoformat(instant)


@given(moments(), st.integers(0, 60))
@settings(deadline=None)
def test_instant_is_the_first_at_which_the_clock_shows_as_much_when_all_are_tried(
    drawn: tuple[ZoneInfo, datetime], minutes: int
) -> None:
    zone, moment = drawn
    wall = wall_time(moment, zone) + minutes * MINUTE
    begin = wall.replace(tzinfo=UTC) - timedelta(hours=27)

    tried = (begin + step * MINUTE for step in range(60 * 54))
    first = next(instant for instant in tried if wall_time(instant, zone) >= wall)

    assert instant_of(wall, zone) == first


@given(moments(), st.integers(0, 999_999))
@settings(deadline=None)
def test_every_instant_is_among_those_of_its_wall_time_when_it_is_turned_back(
    drawn: tuple[ZoneInfo, datetime], microseconds: int
) -> None:
    zone, moment = drawn[0], drawn[1].replace(microsecond=microseconds)
    wall = wall_time(moment, zone)

    found = instants_of(wall, zone)

    assert moment in found
    assert list(found) == sorted(set(found))
    assert found[0] == instant_of(wall, zone)
    assert all(wall_time(instant, zone) == wall for instant in found)


def test_there_is_no_instant_when_the_clock_leaves_the_time_out() -> None:
    assert instants_of(datetime.fromisoformat("2026-03-29T02:30"), BERLIN) == ()
    assert len(instants_of(datetime.fromisoformat("2026-10-25T02:30"), BERLIN)) == 2


def test_jump_is_a_whole_second_when_the_wall_time_has_parts_of_one() -> None:
    assert instant_of(datetime.fromisoformat("2026-03-29T02:30:00.000001"), BERLIN) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_zone_is_found_when_iana_knows_it(name: str) -> None:
    zone = zone_named(name)

    assert zone is not None
    assert zone.key == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Mars/Base", "Europe", "../etc/passwd", "/etc/localtime", "europe/../UTC", "Europe/Berlin/"),
        *("europe/berlin", "right/UTC", "posix/UTC", "localtime", "a\x00b", "\ud800", "x" * 300),
    ],
)
def test_zone_is_none_when_iana_has_no_such_name(name: str) -> None:
    assert zone_named(name) is None


@given(st.text(max_size=70))
def test_zone_is_none_or_of_that_name_when_the_text_is_any(name: str) -> None:
    zone = zone_named(name)

    assert zone is None or zone.key == name


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:00", 0),
        ("09:30", 570),
        ("23:59", 1_439),
        ("24:00", 1_440),
        *((text, None) for text in ("24:01", "9:00", "09:60", "09:00:00", "0\uff19:00", "09:00\n", "", "-1:00")),
    ],
)
def test_time_of_day_is_minutes_or_none(text: str, minutes: int | None) -> None:
    assert read_time_of_day(text) == minutes
    if minutes is not None:
        assert time_of_day_text(minutes) == text
        assert wall_at(date(2026, 2, 28), minutes) - datetime.fromisoformat("2026-02-28") == minutes * MINUTE
