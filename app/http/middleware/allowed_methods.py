"""Which methods an address has."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

_OPTIONS: Final = "OPTIONS"


class AllowedMethodsMiddleware:
    """Answers OPTIONS with every method of the address in `Allow`, whoever asks.

    Litestar's own answer names the methods of one handler of several, and waits behind that one's guards. Stands
    inside of Litestar's routing; what browsers ask before a request to another origin was answered before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._methods: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != _OPTIONS:
            await self._app(scope, receive, send)
            return
        if not self._methods:
            self._methods = _methods_by_path(scope["litestar_app"])
        allowed = self._methods[scope["path_template"]]
        await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allowed.encode())]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _methods_by_path(app: Litestar) -> dict[str, str]:
    found: dict[str, set[str]] = defaultdict(set)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found[route.path_format].update(route.methods)
    return {path: listed(methods) for path, methods in found.items()}


def listed(methods: Iterable[str]) -> str:
    """Methods for `Allow`; whoever has GET has HEAD."""
    named = set(methods)
    return ", ".join(sorted(named | {"HEAD"} if "GET" in named else named))
