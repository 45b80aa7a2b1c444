"""Moments for property tests, many of them near a jump of the clocks: by chance alone few would be."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

FIRST_YEAR, LAST_YEAR = 2000, 2100
HOUR = timedelta(hours=1)
# Half an hour at a time, at midnight, backwards in summer, three hours, a whole day left out, never.
ODD_ZONES = (
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Nuuk",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Antarctica/Casey",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
)
ZONES = st.one_of(st.sampled_from(ODD_ZONES), st.timezone_keys(allow_prefix=False)).map(ZoneInfo)


@lru_cache(maxsize=2_000)
def jumps(zone: tzinfo, year: int) -> tuple[datetime, ...]:
    """The hours of a year in which the clocks of a zone jump, in UTC."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    offsets = [(begin + hour * HOUR).astimezone(zone).utcoffset() for hour in range(366 * 24)]
    return tuple(begin + hour * HOUR for hour, (old, new) in enumerate(pairwise(offsets)) if old != new)


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant, in whole minutes and in UTC."""
    zone, year = draw(ZONES), draw(st.integers(FIRST_YEAR, LAST_YEAR))
    near = draw(st.sampled_from(found)) if (found := jumps(zone, year)) else datetime(year, 1, 1, tzinfo=UTC)
    minutes = draw(st.one_of(st.integers(-300, 300), st.integers(-200_000, 200_000)))
    return zone, near + timedelta(minutes=minutes)
