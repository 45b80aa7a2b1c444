"""What was asked for at an address that no route answers to."""

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from litestar import Litestar
from litestar.routes import HTTPRoute

from domain.shared.errors import NotFound

Addresses = Sequence[tuple[re.Pattern[str], type[NotFound]]]


def addresses_by_id(app: Litestar) -> Addresses:
    """Addresses that hold a UUID, and what is not there when the text in its place is none.

    To the caller a thing with an impossible id is as missing as one with a wrong id.
    """
    return [
        (re.compile(re.sub(r"{\w+}", "[^/]+", route.path_format)), kind)
        for route in app.routes
        if isinstance(route, HTTPRoute) and any(part.type is UUID for part in route.path_parameters.values())
        for kind in _missing(route)
    ]


def what_is_missing(path: str, addresses: Addresses) -> NotFound:
    """The error for a path without a route."""
    kinds = (kind for pattern, kind in addresses if pattern.fullmatch(path.rstrip("/")))
    return next(kinds, NotFound)()


def _missing(route: HTTPRoute) -> Iterator[type[NotFound]]:
    for handler in route.route_handlers:
        yield from (kind for kind in handler.opt.get("errors", ()) if issubclass(kind, NotFound))
