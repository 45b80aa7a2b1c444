"""Types that the bodies of all modules are made of."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from litestar.params import PathParameter
from msgspec import Meta, convert
from msgspec.json import encode

from domain.shared.json import JsonObject
from domain.shared.moment import whole_milliseconds, wire_time
from domain.shared.problems import Problems

Body = TypeVar("Body")

NO_CONTROL: Final = r"^[^\x00-\x1f\x7f-\x9f]+\Z"
LONGEST_ID: Final = 255
FIRST_YEAR: Final = 1970

Identifier = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=NO_CONTROL)]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
Tags = Annotated[list[Word], Meta(max_length=20)]
# RFC 3339, zone included; `instant` checks the rest.
Moment = Annotated[datetime, Meta(tz=True)]

# An id of the caller's own as part of a path.
PathId = Annotated[str, PathParameter(min_length=1, max_length=LONGEST_ID, pattern=NO_CONTROL)]


class TimeText(str):
    """A point in time, as `wire_time` writes it."""

    __slots__ = ()


# A time in an answer. The encoder would write six digits, or none.
Time = Annotated[TimeText, Meta(extra_json_schema={"type": "string", "format": "date-time"})]


def time_text(moment: datetime) -> TimeText:
    """A time as it is answered."""
    return TimeText(wire_time(moment))


def shaped(view: object, body: type[Body]) -> Body:
    """A view in the shape of a body, field by field."""
    return convert(view, body, from_attributes=True, dec_hook=_read)


def _read(kind: type, value: Any) -> Any:  # Any: what a view holds, and what a body wants
    if kind is not TimeText:
        raise NotImplementedError(f"{kind} is no type of bodies")
    return time_text(value) if isinstance(value, datetime) else TimeText(value)


def instant(moment: datetime | None, path: str, problems: Problems) -> datetime | None:
    """The same instant in UTC and in whole milliseconds; adds a problem unless it lies in the years 1970 to 9999."""
    if moment is None:
        return None
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        utc = datetime.min.replace(tzinfo=UTC)
    problems.check(utc.year >= FIRST_YEAR, path, "lies outside of the years 1970 to 9999")
    return whole_milliseconds(utc)


def check_size(value: JsonObject, most: int, path: str, problems: Problems) -> None:
    """Add a problem when free JSON takes more than `most` bytes."""
    if value:
        problems.check(len(encode(value)) <= most, path, f"is larger than {most // 1024} kB")
