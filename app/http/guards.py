"""Who may call what. A route without one of these, and not marked `public=True`, does not pass the tests."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from domain.identity.principal import Principal
from domain.identity.scopes import Scope
from domain.shared.errors import Unauthenticated

# Any: handler, user, auth and state as Litestar types them for every connection.
Connection = ASGIConnection[Any, Any, Any, Any]

FAILURE = "authentication_failure"


def principal_of(connection: Connection) -> Principal:
    """The caller. Raises what was wrong with the credential, if one was shown."""
    failure = connection.scope["state"].get(FAILURE)
    if isinstance(failure, Unauthenticated):
        raise failure
    principal: Principal = connection.scope["auth"]
    return principal


class RequireScope:
    """Lets callers pass whose credential has a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        principal_of(connection).require(self.scope)


def requires(scope: Scope) -> RequireScope:
    """A guard for API keys with `scope`."""
    return RequireScope(scope)


async def requires_subscriber(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard for the inbox: subscribers, and users as the subscriber of the same id."""
    principal_of(connection).require_subscriber()


async def requires_stream(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard for streams: as for the inbox, and tickets."""
    principal_of(connection).require_stream()
