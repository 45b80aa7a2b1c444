"""Which route a request has found."""

from typing import Final

from litestar.types import HTTPScope

UNMATCHED: Final = "(unmatched)"


def route_of(scope: HTTPScope) -> str:
    """Litestar's `path_template` once a route was found, never the path, which holds ids; 404 and 405 have none."""
    return scope.get("path_template") or UNMATCHED
