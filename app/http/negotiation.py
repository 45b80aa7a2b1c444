"""Checks between the guards and the handler: can we answer, and is every parameter known?"""

from typing import Any, Final

from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from app.http.guards import requires_stream
from app.http.query import names_in, names_of
from app.http.refusals import NotAcceptable, UnknownParameter

_ANY: Final = "*/*"
_JSON: Final = "application/json"
_TICKET: Final = frozenset({"ticket"})


class Negotiation:
    """A `before_request` hook. Routes with `opt["any_query"]` take whatever parameters a page may carry."""

    def __init__(self) -> None:
        # One entry for each handler of the application.
        self._known: dict[BaseRouteHandler, frozenset[str]] = {}

    async def __call__(self, request: Request[Any, Any, Any]) -> None:  # Any: user, auth and state are not looked at
        handler = request.route_handler
        accept = request.headers.get("accept", _ANY)
        produced = media_type_of(handler)
        if _ANY not in (accept, produced) and not accepts(accept, produced):
            raise NotAcceptable(f"The answer is {produced}")
        if request.scope["query_string"] and not handler.opt.get("any_query"):
            self._refuse_unknown(request.scope["query_string"], handler)

    def _refuse_unknown(self, query_string: bytes, handler: BaseRouteHandler) -> None:
        if handler not in self._known:
            self._known[handler] = parameters_of(handler)
        unknown = sorted(names_in(query_string) - self._known[handler])
        if unknown:
            raise UnknownParameter(f"{unknown[0]} is not a parameter of this address")


def media_type_of(handler: BaseRouteHandler) -> str:
    """What a route answers with when all is well."""
    declared = getattr(handler, "media_type", None) or _JSON
    return str(getattr(declared, "value", declared))


def parameters_of(handler: BaseRouteHandler) -> frozenset[str]:
    """The names of the query parameters that a route takes."""
    names = names_of(handler.opt["query"]) if "query" in handler.opt else frozenset()
    if isinstance(handler, HTTPRouteHandler) and requires_stream in handler.resolve_guards():
        names |= _TICKET
    return names


def accepts(header: str, produced: str) -> bool:
    """Whether an `Accept` header allows a media type: by name or by wildcard, unless with `q=0` (RFC 9110, 12.5.1).

    Of ranges that match, the most specific one decides.
    """
    family = produced.partition("/")[0] + "/*"
    verdicts: dict[str, bool] = {}
    for entry in header.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        verdicts[kind] = not any(_is_zero(parameter) for parameter in parameters)
    return next((verdicts[kind] for kind in (produced, family, _ANY) if kind in verdicts), not header.strip())


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0").rstrip(".") in ("", "0")
