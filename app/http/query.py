"""Reading query strings, strictly: each route says in `opt["query"]` what it takes."""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from app.http.json_body import field_problem
from app.http.refusals import MalformedRequest
from domain.shared.errors import InvalidInput

Q = TypeVar("Q", bound=Struct)

MOST_PARAMETERS: Final = 50
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_LONGEST_NUMBER: Final = 9


class PageQuery(Struct, kw_only=True, rename="camel"):
    """What every list takes."""

    limit: Annotated[int, Meta(ge=1, le=100, description="How many at most.")] = 20
    cursor: Annotated[str, Meta(max_length=2048, description="`meta.nextCursor` of the page before.")] | None = None


def read_query(query_string: bytes, kind: type[Q]) -> Q:
    """The parameters as a `kind`. A comma means or, as does a list's name given twice.

    Raises `MalformedRequest` for one value given twice, `InvalidInput` for what does not fit. Unknown names are
    refused before.
    """
    values: dict[str, Any] = {}  # Any: texts, or lists, numbers and flags made of them
    for name, texts in _parsed(query_string).items():
        values[name] = _value(name, texts, _takes(kind).get(name, str))
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput("1 field is invalid", problems=[field_problem(str(error))]) from None


def names_in(query_string: bytes) -> frozenset[str]:
    """The names of all parameters."""
    return frozenset(_parsed(query_string))


@cache
def names_of(kind: type[Struct]) -> frozenset[str]:
    """The names that a query of this kind may use."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind))


def _parsed(query_string: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise MalformedRequest(f"The query string is broken, or holds more than {MOST_PARAMETERS} parameters") from None
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return found


def _value(name: str, texts: list[str], kind: type) -> Any:  # Any: see read_query
    if kind in (tuple, list):
        return [part for text in texts for part in text.split(",")]
    if len(texts) > 1:
        raise MalformedRequest(f"The parameter {name} was given twice")
    [text] = texts
    if kind is bool:
        return _BOOLEANS.get(text, text)
    if kind is int and text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return text


@cache
def _takes(kind: type[Struct]) -> Mapping[str, type]:
    hints = get_type_hints(kind)
    return {field.encode_name: _plain(hints[field.name]) for field in msgspec.structs.fields(kind)}


def _plain(hint: Any) -> type:  # Any: a typing construct
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return _plain(next(part for part in get_args(hint) if part is not type(None)))
    origin: type = get_origin(hint) or hint
    return origin
