"""Lengths of time as people write them: `90s`, `10m`, `2h`, `1d`."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from domain.shared.errors import InvalidInput

SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(days=365)

# Longest first: the first that divides a length without rest is the one that it is written in.
_UNITS: Final[Mapping[str, timedelta]] = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
# Nine digits hold every second of the longest duration; more would be arithmetic on request.
_WRITTEN: Final = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[smhd])", re.ASCII)


class InvalidDuration(InvalidInput):
    """Duration is invalid"""


def read_duration(text: str) -> timedelta:
    """The length that `text` names: a whole number and s, m, h or d, together 1 s to 365 d.

    Raises `InvalidDuration`, whose `detail` says what is wrong in words that fit behind the name of a field. A day is
    24 hours here, whatever the clocks of a zone do.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise InvalidDuration("is not a duration: write a whole number and s, m, h or d, like 90s or 2h")
    length = int(match["number"]) * _UNITS[match["unit"]]
    if not SHORTEST <= length <= LONGEST:
        raise InvalidDuration("is not between 1s and 365d")
    return length


def duration_text(length: timedelta) -> str:
    """`length` in the largest unit that holds it without rest; a part of a second is left out."""
    whole = timedelta(seconds=length // SHORTEST)
    name, unit = next(((name, unit) for name, unit in _UNITS.items() if not whole % unit))
    return f"{whole // unit}{name}"
