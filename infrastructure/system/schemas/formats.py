"""The formats of JSON Schema that are asserted; what else `format` says is a note."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import urlsplit

from application.ports.contact_points import ContactPoints

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:)([0-5][0-9]|60)(\.[0-9]{1,20})?(Z|[+-][0-9]{2}:[0-5][0-9])",
    re.ASCII,
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# RFC 3986, 3.1 and 2: a scheme, then what may stand in an URI.
_URI: Final = re.compile(
    r"[a-z][a-z0-9+.-]*:(?:[a-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})*", re.ASCII | re.IGNORECASE
)
_LONGEST_EMAIL: Final = 320


def formats(contacts: ContactPoints) -> Mapping[str, Callable[[str], bool]]:
    """By name. An e-mail address is what it is everywhere in the product."""
    return {
        "date": _is_date,
        "date-time": _is_date_time,
        "email": lambda text: len(text) <= _LONGEST_EMAIL and contacts.email(text) is not None,
        "uri": _is_uri,
        "uuid": lambda text: _UUID.fullmatch(text) is not None,
    }


def _is_date(text: str) -> bool:
    """RFC 3339, `full-date`."""
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    """RFC 3339, `date-time`: with a zone; the second 60 is that before midnight in UTC."""
    match = _DATE_TIME.fullmatch(text.upper())
    if match is None:
        return False
    start, seconds, _, zone = match.groups()
    try:
        moment = datetime.fromisoformat(start + min(seconds, "59") + zone.replace("Z", "+00:00"))
        return seconds != "60" or moment.astimezone(UTC).strftime("%H:%M") == "23:59"
    except (OverflowError, ValueError):
        return False


def _is_uri(text: str) -> bool:
    """RFC 3986: with a scheme; the port, if there is one, is a number."""
    try:
        return _URI.fullmatch(text) is not None and (urlsplit(text).port or 0) >= 0
    except ValueError:
        return False
