"""The parameters of an operation."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter
from litestar.routes import HTTPRoute
from msgspec import structs

from app.http.idempotency import HEADER, LONGEST
from app.http.wire import LONGEST_ID, NO_CONTROL

# Any: JSON documents, and types as annotations hold them.
Json = dict[str, Any]

_TYPES: Final[Mapping[type, Json]] = {
    UUID: {"type": "string", "format": "uuid"},
    int: {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    str: {"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": NO_CONTROL},
}
_IDEMPOTENCY_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Makes it safe to repeat the request: for 24 hours the answer is the first one.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
}


def parameters(route: HTTPRoute, handler: HTTPRouteHandler, schemas: Mapping[Any, Json]) -> list[Json]:
    """What stands in the path, the query and the headers, in this order."""
    found = [*_of_path(route), *_of_query(handler, schemas), *_declared(handler)]
    return [*found, _IDEMPOTENCY_KEY] if handler.opt.get("idempotent") else found


def camel(name: str) -> str:
    """`notification_id` as `notificationId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _of_path(route: HTTPRoute) -> Iterator[Json]:
    for name, definition in route.path_parameters.items():
        yield {"name": camel(name), "in": "path", "required": True, "schema": _TYPES.get(definition.type, {})}


def _of_query(handler: HTTPRouteHandler, schemas: Mapping[Any, Json]) -> Iterator[Json]:
    kind = handler.opt.get("query")
    if kind is None:
        return
    properties = schemas[kind]["properties"]
    for field in structs.fields(kind):
        schema = _without_null(properties[field.encode_name])
        parameter = {"name": field.encode_name, "in": "query", "required": False, "schema": schema}
        if description := schema.pop("description", None):
            parameter["description"] = description
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        yield parameter


def _without_null(schema: Json) -> Json:
    """In a query what is not there is left out: nothing means null."""
    kept = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not kept:
        return dict(schema)
    outer = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**(kept[0] if len(kept) == 1 else {"anyOf": kept}), **outer}


def _declared(handler: HTTPRouteHandler) -> Iterator[Json]:
    """Headers that a handler declares as Litestar's own."""
    for field in handler.parsed_fn_signature.parameters.values():
        declared = field.kwarg_definition
        if isinstance(declared, HeaderParameter):
            yield {
                "name": declared.name or field.name,
                "in": "header",
                "required": not field.has_default,
                "description": declared.description or "",
                "schema": {"type": "string"},
            }
