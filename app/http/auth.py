"""From a credential to the caller."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.http.guards import FAILURE, requires_stream
from app.http.middleware.head import HEAD
from application.identity.authenticate_caller import Scheme
from application.ports.trace_context import TraceContext
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal
from domain.shared.errors import Unauthenticated

_SCHEMES: Final = {scheme.value: scheme for scheme in Scheme}
# A credential in an address ends up in logs, histories and Referer headers.
_NEVER_IN_QUERY: Final = frozenset({"api_key", "apikey", "apiKey", "key", "token", "access_token"})


class Authentication(Protocol):
    """The use case `AuthenticateCaller`."""

    def __call__(self, scheme: Scheme, text: str) -> Awaitable[Principal]:
        """Whom a credential speaks for."""
        ...


class TicketRedemption(Protocol):
    """The use case `RedeemTicket`."""

    def __call__(self, text: str) -> Awaitable[Principal]:
        """Whom a ticket speaks for, using it up."""
        ...


class AuthenticationMiddleware:
    """Sets `request.auth` to the caller, or to nobody.

    `Authorization: ApiKey …` and `Authorization: Bearer …` count everywhere, `?ticket=` only where a stream is opened.
    What is wrong with a credential is kept for the guards to raise: the rate limit comes first, so that guessing is
    limited, too. Routes that are `public=True` see no credential at all. Stands inside of Litestar's routing.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Callable[[], Authentication],
        redeem_ticket: Callable[[], TicketRedemption],
        trace: TraceContext,
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._redeem_ticket = redeem_ticket
        self._trace = trace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = None
        if scope["type"] == ScopeType.HTTP and _asks(scope):
            try:
                scope["auth"] = await self._caller(scope)
            except Unauthenticated as failure:
                scope["auth"] = Principal.anonymous()
                scope["state"][FAILURE] = failure
        else:
            scope["auth"] = Principal.anonymous()
        await self._app(scope, receive, send)

    async def _caller(self, scope: HTTPScope) -> Principal:
        shown = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        query = parse_qs(scope["query_string"].decode("latin-1")) if scope["query_string"] else {}
        if _NEVER_IN_QUERY & query.keys():
            raise InvalidCredential("A credential does not belong in an address")
        if len(shown) > 1:
            raise InvalidCredential("Show one credential")
        if shown:
            return self._told(await self._authenticate()(*_scheme_and_text(shown[0])))
        # HEAD opens no stream, and must not use up what opens one.
        if (
            "ticket" in query
            and not scope["state"].get(HEAD)
            and requires_stream in scope["route_handler"].resolve_guards()
        ):
            return self._told(await self._redeem_ticket()("".join(query["ticket"])))
        return Principal.anonymous()

    def _told(self, principal: Principal) -> Principal:
        self._trace.bind(
            tenant_id=principal.tenant_id,
            actor=f"{principal.kind}:{principal.id}",
            role=",".join(principal.roles) or principal.kind.value,
        )
        return principal


def _asks(scope: HTTPScope) -> bool:
    return scope["method"] != "OPTIONS" and not scope["route_handler"].opt.get("public")


def _scheme_and_text(value: str) -> tuple[Scheme, str]:
    name, _, text = value.partition(" ")
    scheme = _SCHEMES.get(name.lower())
    if scheme is None or not text or not text.isascii() or " " in text:
        raise InvalidCredential("Send `Authorization: ApiKey …` or `Authorization: Bearer …`")
    return scheme, text
