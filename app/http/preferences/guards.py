"""Who may read and change a subscriber's preferences."""

from litestar.handlers import BaseRouteHandler

from app.http.guards import Connection, RequireScope, principal_of
from domain.identity.errors import SubscriberRequired
from domain.identity.scopes import Scope


class RequireScopeOrSelf(RequireScope):
    """Lets callers pass whose credential has a scope, and the subscriber that the path names."""

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        try:
            own = principal_of(connection).require_subscriber()
        except SubscriberRequired:
            own = None
        if own is None or own != connection.path_params.get("subscriber_id"):
            await super().__call__(connection, handler)


def requires_or_self(scope: Scope) -> RequireScopeOrSelf:
    """A guard for API keys with `scope`, and for a subscriber's own credential."""
    return RequireScopeOrSelf(scope)
