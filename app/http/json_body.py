"""Reading JSON from callers, strictly and with every refusal in the words of the contract."""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar, get_args

import msgspec

from app.http.refusals import MalformedRequest
from domain.shared.errors import FieldProblem, InvalidInput

T = TypeVar("T")

_NUL: Final = b"\\u0000"
_NOT_UTF8: Final = "The body must be UTF-8"
_AT: Final = " - at `"
_MISSING: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_EXPECTED: Final = re.compile(r"Expected (.*?)(?:, got (.*))?", re.DOTALL)
_PATTERN: Final = re.compile(r"`str` matching regex .*", re.DOTALL)
_WORDS: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "datetime": "time"}


def read_json(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """`raw` as a `kind`; the last of two equal names wins.

    Raises `MalformedRequest` for what is no JSON (broken, not UTF-8, nested too deeply), `InvalidInput` with the path
    of the first field that does not fit, and for a NUL in any text: Postgres could not store it.
    """
    try:
        value = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidInput("1 field is invalid", problems=[field_problem(str(error))]) from None
    except RecursionError:
        raise MalformedRequest("The body is nested too deeply") from None
    except UnicodeDecodeError:
        raise MalformedRequest(_NOT_UTF8) from None
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {error}") from None
    if msgspec.Raw in get_args(kind):
        # Their texts were passed over unread, and what is not UTF-8 is no JSON at all.
        _check_utf8(bytes(raw))
    # Raw parts are read later, each on its own: what is wrong with one is no other's business.
    elif _NUL in bytes(raw):
        _refuse_nul(msgspec.json.decode(raw))
    return value


def _check_utf8(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise MalformedRequest(_NOT_UTF8) from None


def field_problem(message: str) -> FieldProblem:
    """What msgspec says, as path and message: `Expected `str`, got `int` - at `$.to[0]``."""
    what, _, where = message.rpartition(_AT)
    if not what:
        what, where = message, "$`"
    path = where.rpartition("`$")[2].removesuffix("`").removeprefix("$").removeprefix(".")
    for pattern, words in ((_MISSING, "is required"), (_UNKNOWN, "is not a known field")):
        if match := pattern.fullmatch(what):
            return FieldProblem(f"{path}.{match[1]}" if path else match[1], words)
    return FieldProblem(path, reworded(what))


def reworded(what: str) -> str:
    """What msgspec says, in the words of the contract: "Expected `str`, got `int`" as "must be string, not integer"."""
    if match := _EXPECTED.fullmatch(what):
        wanted, got = (_plain(part) for part in match.groups())
        return f"must be {wanted}, not {got}" if got else f"must be {wanted}"
    if "RFC3339" in what:
        return "is not a time such as 2026-11-20T09:11:25Z"
    return _plain(what[:1].lower() + what[1:])


def _plain(part: str | None) -> str:
    named = _PATTERN.sub("a text without control characters", part or "")
    for python, plain in _WORDS.items():
        named = re.sub(rf"\b{python}\b", plain, named)
    return named.replace("`", "")


def _refuse_nul(value: object) -> None:
    for path in _texts_with_nul(value, ""):
        raise InvalidInput("1 field is invalid", problems=[FieldProblem(path, "contains a NUL character")])


def _texts_with_nul(value: Any, path: str) -> Iterator[str]:  # Any: JSON of whatever shape the caller sent
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, dict):
        for name, child in value.items():
            if "\0" in name:
                yield path
            yield from _texts_with_nul(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts_with_nul(child, f"{path}[{index}]")
