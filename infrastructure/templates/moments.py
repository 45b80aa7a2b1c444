"""Moments as templates hold them: ISO 8601, seconds since 1970, `now`, `today`."""

from datetime import UTC, date, datetime, time, tzinfo


def moment_of(value: object, now: datetime, zone: tzinfo) -> datetime | None:
    """The moment that `value` means, seen in `zone`; None when it means none.

    A date begins at midnight in `zone`; a time of day without offset is in UTC, as all times of the API.
    """
    try:
        found = _read(value, now, zone)
        return None if found is None else found.astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return None


def _read(value: object, now: datetime, zone: tzinfo) -> datetime | None:
    match value:
        case datetime():
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        case date():
            return datetime.combine(value, time(), zone)
        case bool():
            return None
        case int() | float():
            return datetime.fromtimestamp(value, UTC)
        case str():
            return _read_text(value.strip(), now, zone)
        case _:
            return None


def _read_text(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    if text in {"now", "today"}:
        return now
    if text.isdecimal() and len(text) > len("20261231"):
        return datetime.fromtimestamp(int(text[:20]), UTC)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC if ":" in text else zone)
    return found
