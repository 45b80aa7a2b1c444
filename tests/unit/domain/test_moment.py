"""Times as texts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.shared.moment import whole_milliseconds, wire_time

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-11-20T12:00:00.000Z"),
        (NOON.replace(microsecond=163_000), "2026-11-20T12:00:00.163Z"),
        (NOON.replace(microsecond=163_999), "2026-11-20T12:00:00.163Z"),
        (NOON.replace(microsecond=999), "2026-11-20T12:00:00.000Z"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=45))), "2026-11-20T12:00:00.000Z"),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00.000Z"),
    ],
)
def test_time_has_three_digits_when_it_is_written(moment: datetime, text: str) -> None:
    assert wire_time(moment) == text
    assert wire_time(whole_milliseconds(moment)) == text
