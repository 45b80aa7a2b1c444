"""Points in time as callers read them."""

from datetime import UTC, datetime

_MICROSECONDS = 1_000


def whole_milliseconds(moment: datetime) -> datetime:
    """Without the digits that no store keeps: what is answered at once must not differ from what is read back."""
    return moment.replace(microsecond=moment.microsecond // _MICROSECONDS * _MICROSECONDS)


def wire_time(moment: datetime) -> str:
    """In UTC with exactly three digits, `2026-11-20T09:11:25.163Z`: answers, events and webhooks alike, so that equal
    times are equal texts.
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
