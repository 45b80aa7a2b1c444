"""Moments and patterns."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale, dates

from infrastructure.templates.moments import moment_of
from infrastructure.templates.strftime import cldr_pattern

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T22:30:00Z", "2026-11-20T23:30:00+01:00"),
        ("2026-11-20T22:30:00", "2026-11-20T23:30:00+01:00"),
        ("2026-07-01T10:00:00+02:00", "2026-07-01T10:00:00+02:00"),
        ("2026-11-20", "2026-11-20T00:00:00+01:00"),
        ("20261120", "2026-11-20T00:00:00+01:00"),
        (date(2026, 11, 20), "2026-11-20T00:00:00+01:00"),
        (0, "1970-01-01T01:00:00+01:00"),
        ("1795181400", "2026-11-20T14:30:00+01:00"),
        ("now", "2026-11-20T13:00:00+01:00"),
        (datetime(2026, 1, 1, 12), "2026-01-01T13:00:00+01:00"),  # noqa: DTZ001  # Data has what it has.
    ],
)
def test_a_moment_is_seen_in_the_recipients_zone(value: Any, expected: str) -> None:
    found = moment_of(value, NOW, BERLIN)

    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "value", ["", "tomorrow", "9" * 5_000, 1e300, float("nan"), True, None, [], {}, "0001-01-01T00:00Z"]
)
def test_there_is_no_moment_when_a_value_means_none(value: Any) -> None:
    assert moment_of(value, NOW, ZoneInfo("America/New_York")) is None


@pytest.mark.parametrize("directive", "AaBbdeHIjklMmpSuVYyzDFRT")
def test_a_pattern_says_what_the_directive_says(directive: str) -> None:
    moment = datetime(2026, 3, 5, 7, 8, 9, tzinfo=UTC)

    written = dates.format_datetime(moment, cldr_pattern(f"%{directive}"), locale=Locale("en", "GB"))

    assert written.lower() == moment.strftime(f"%{directive}").strip().lower()


def test_text_between_directives_stays_as_it_is() -> None:
    pattern = cldr_pattern("day %-d o'clock 100%% %Q%")

    assert dates.format_datetime(NOW, pattern, locale="en") == "day 20 o'clock 100% %Q%"
