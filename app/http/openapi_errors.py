"""The errors of an operation, as far as they follow from what it takes."""

from collections.abc import Iterator
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.http.guards import RequireScope, requires_stream, requires_subscriber
from app.http.middleware.rate_limit import RateExceeded
from app.http.problem import MEDIA_TYPE, status_of
from app.http.refusals import (
    BodyTooLarge,
    BodyTooSlow,
    MalformedRequest,
    NotAcceptable,
    UnknownParameter,
    UnsupportedMediaType,
)
from application.shared.idempotency import IdempotencyInProgress, IdempotencyKeyReused
from domain.identity.errors import (
    InsufficientScope,
    InvalidCredential,
    MissingCredential,
    SubscriberRequired,
    TicketSpent,
)
from domain.realtime.errors import TooManyStreams
from domain.shared.errors import CarillonError, InvalidInput, NotFound, TimedOut, Unavailable
from domain.subscribers.subscriber import SubscriberNotFound

# Any: a JSON document.
Json = dict[str, Any]
Errors = Iterator[type[CarillonError]]

_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_HEADERS: Final = {
    401: {"WWW-Authenticate": "Which credentials are taken."},
    405: {"Allow": "The methods there are."},
    409: {"Retry-After": "Seconds to wait, where waiting helps."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}


def error_answers(route: HTTPRoute, handler: HTTPRouteHandler) -> Json:
    """Problems by status, with the codes that each may bear; `default` covers what can happen to any request."""
    by_status: dict[int, set[str]] = {}
    for kind in errors_of(route, handler):
        by_status.setdefault(status_of(kind), set()).add(kind.code)
    answers = {str(status): _answer(status, codes) for status, codes in sorted(by_status.items())}
    return {**answers, "default": {"description": "Another problem.", "content": _CONTENT}}


def errors_of(route: HTTPRoute, handler: HTTPRouteHandler) -> Errors:
    """What a route may raise: by its guards, by what it takes, and what it declares as `errors`."""
    yield from handler.opt.get("errors", ())
    yield from (NotAcceptable, MalformedRequest, UnknownParameter)
    if not handler.opt.get("public"):
        yield from _of_access(handler)
        yield Unavailable
    if handler.parsed_data_field is not None:
        yield from (BodyTooSlow, BodyTooLarge, UnsupportedMediaType, InvalidInput)
    if handler.opt.get("idempotent"):
        yield from (InvalidInput, IdempotencyInProgress, IdempotencyKeyReused)
    if route.path_parameters:
        yield from (NotFound, InvalidInput)
    if "query" in handler.opt:
        yield InvalidInput
    if requires_stream not in handler.resolve_guards():
        yield TimedOut


def _of_access(handler: HTTPRouteHandler) -> Errors:
    yield from (MissingCredential, InvalidCredential, RateExceeded)
    guards = handler.resolve_guards()
    if any(isinstance(guard, RequireScope) for guard in guards):
        yield InsufficientScope
    if requires_subscriber in guards or requires_stream in guards:
        yield SubscriberRequired
    if requires_stream in guards:
        yield from (TicketSpent, TooManyStreams, SubscriberNotFound)


def _answer(status: int, codes: set[str]) -> Json:
    answer: Json = {"description": ", ".join(f"`{code}`" for code in sorted(codes)), "content": _CONTENT}
    if status in _HEADERS:
        answer["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS[status].items()
        }
    return answer
