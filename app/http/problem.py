"""Errors as callers read them (RFC 9457), and the one table of their statuses."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Final

from litestar.types import Send
from msgspec import Struct
from msgspec.json import encode

from app.http.refusals import (
    AddressTooLong,
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    UnknownParameter,
    UnsupportedMediaType,
)
from app.http.requests import ENCODED_SLASH
from application.shared.cursors import InvalidCursor
from domain.shared.errors import (
    CarillonError,
    Conflict,
    FieldProblem,
    Forbidden,
    InvalidInput,
    NotFound,
    TimedOut,
    TooMany,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE: Final = "application/problem+json"

# The nearest class in the order of inheritance decides.
STATUS: Mapping[type[CarillonError], int] = {
    MalformedRequest: 400,
    UnknownParameter: 400,
    InvalidCursor: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    BodyTooSlow: 408,
    Conflict: 409,
    BodyTooLarge: 413,
    AddressTooLong: 414,
    UnsupportedMediaType: 415,
    InvalidInput: 422,
    TooMany: 429,
    HeadersTooLarge: 431,
    CarillonError: 500,
    Unavailable: 503,
    TimedOut: 504,
}


class FieldError(Struct, kw_only=True):
    """One thing wrong with one field; `path` is the field as it was sent, e.g. `to[0].email`."""

    path: str
    message: str


class Problem(Struct, kw_only=True, rename="camel"):
    """An error (RFC 9457). `code` is stable and what programs decide by; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    status_code: int
    message: str
    code: str
    errors: list[FieldError]
    trace_id: str


def status_of(kind: type[CarillonError]) -> int:
    """The HTTP status of a kind of error."""
    return next(STATUS[each] for each in kind.__mro__ if each in STATUS)


def kind_of(code: str) -> type[CarillonError]:
    """The error that bears a code, the most general one where several do; `InvalidInput` for a code nobody bears."""
    return next((kind for kind in _every_kind() if kind.code == code), InvalidInput)


def _every_kind() -> Iterator[type[CarillonError]]:
    kinds: list[type[CarillonError]] = [CarillonError]
    for kind in kinds:
        yield kind
        kinds.extend(kind.__subclasses__())


def problem_of(error: CarillonError, *, instance: str, trace_id: str) -> Problem:
    """The error as it is answered; an error of our own keeps its details to itself."""
    status = status_of(type(error))
    known = status != STATUS[CarillonError]
    return _problem(
        error.code if known else CarillonError.code,
        error.title if known else "Something went wrong",
        error.detail if known else "The failure was recorded under this trace id.",
        status,
        error.problems if known else (),
        instance=instance,
        trace_id=trace_id,
    )


def item_problem(
    code: str, detail: str, problems: tuple[tuple[str, str], ...], *, instance: str, trace_id: str
) -> Problem:
    """What was wrong with one item of a bulk request."""
    kind = kind_of(code)
    found = tuple(FieldProblem(path, message) for path, message in problems)
    return _problem(code, kind().title, detail, status_of(kind), found, instance=instance, trace_id=trace_id)


def _problem(
    code: str,
    title: str,
    detail: str,
    status: int,
    problems: tuple[FieldProblem, ...],
    *,
    instance: str,
    trace_id: str,
) -> Problem:
    return Problem(
        type=f"urn:carillon:error:{code}",
        title=title,
        status=status,
        detail=detail,
        instance=instance.replace(ENCODED_SLASH, "/"),
        status_code=status,
        message=title,
        code=code,
        errors=[FieldError(path=problem.path, message=problem.message) for problem in problems],
        trace_id=trace_id,
    )


def headers_of(error: CarillonError) -> dict[str, str]:
    """What an error says in headers: when to come again, how to show a credential, and `headers` of its own."""
    headers = {"cache-control": "no-store"}
    wait = getattr(error, "retry_after", None)
    if wait is not None:
        headers["retry-after"] = str(max(1, ceil(wait)))
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = 'ApiKey realm="carillon", Bearer realm="carillon"'
    return headers | getattr(error, "headers", {})


async def send_problem(send: Send, problem: Problem, headers: Mapping[str, str]) -> None:
    """Answer with a problem where Litestar is not asked."""
    body = encode(problem)
    named = {**headers, "content-type": MEDIA_TYPE, "content-length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
