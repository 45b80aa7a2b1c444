"""Requests as the handlers see them."""

from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from litestar import Request
from litestar.datastructures import State

from app.http.json_body import read_json
from app.http.refusals import UnsupportedMediaType
from application.ports.trace_context import TraceContext
from domain.identity.principal import Principal

# Stands for a slash that was sent as %2F: part of an id, and no border between two parts of the path. A noncharacter
# of Unicode, which nobody may send.
ENCODED_SLASH: Final = "\ufdd0"

_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})


class ApiRequest(Request[None, Principal, State]):
    """`auth` is the caller; a body is read straight into the type that the handler declares."""

    @property
    def path_params(self) -> dict[str, Any]:  # Any: Litestar's, of the types that the routes declare
        """The variable parts of the path; an id may hold slashes."""
        found = super().path_params
        if ENCODED_SLASH not in self.scope["path"]:
            return found
        return {
            name: value.replace(ENCODED_SLASH, "/") if isinstance(value, str) else value
            for name, value in found.items()
        }

    @property
    def trace(self) -> TraceContext:
        """The trace of this request."""
        trace: TraceContext = self.app.state["trace"]
        return trace

    async def json(self) -> Any:  # Any: an instance of what the handler declares as `data`
        """The body. Raises `UnsupportedMediaType`, and whatever `read_json` raises."""
        self._check_kind()
        declared = self.route_handler.parsed_data_field
        return read_json(await self.body(), Any if declared is None else without_none(declared.annotation))

    def _check_kind(self) -> None:
        kind, options = self.content_type
        charset = options.get("charset", "utf-8").strip('"').lower()
        if kind.lower() != "application/json" or charset not in _CHARSETS:
            raise UnsupportedMediaType("Send application/json in UTF-8")
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the body as it is, without Content-Encoding")


def without_none(annotation: Any) -> Any:  # Any: types as annotations hold them
    """`X` for `X | None`: who has nothing to say sends no body, and a null is somebody's mistake."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    return parts[0] if get_origin(annotation) in (Union, UnionType) and len(parts) == 1 else annotation
