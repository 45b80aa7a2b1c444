"""The contract as a document (OpenAPI 3.1), read off the routes that are really served.

Litestar's own generator loses the limits inside lists and unions, knows nothing of our errors, and names generic types
after their modules; msgspec describes its types exactly.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import json

from app.http.openapi_operation import Json, OperationDraft, Schemas, draft_operation
from app.http.options import HttpOptions
from app.http.problem import Problem
from app.http.version import VERSION

_REFS: Final = "#/components/schemas/{name}"
_FRAMES: Final = ("Envelope", "Listing")
SECURITY_SCHEMES: Final = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A backend's key: `Authorization: ApiKey crl_…`. What it may do is decided by its scopes.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A subscriber's token, from `POST /api/v1/subscribers/{subscriberId}/tokens`.",
    },
    "Ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "Opens one stream once, for clients that cannot send headers.",
    },
}
MODULES: Final = {
    "Health": "For orchestrators, load balancers and people.",
    "Inbox": "What a subscriber was told in the app, live. The credential says whose inbox it is.",
    "Notifications": "Sending, and asking what became of it.",
    "Subscribers": "Who is notified, and how they are reached.",
    "Preferences": "What people want to be told, and when.",
    "Topics": "Named groups of subscribers.",
    "Workflows": "Named, versioned kinds of notifications.",
}
DESCRIPTION: Final = """One call notifies one person or a million, over every channel they use.

Success is an envelope `{statusCode, message, data, meta}`; an error is a problem (RFC 9457) whose `code` is stable. A
`POST` with an `Idempotency-Key` may be repeated safely for 24 hours."""


def openapi_document(app: Litestar) -> Json:
    """The OpenAPI document of an application that `create_http_app` made. The same routes give the same document."""
    options: HttpOptions = app.state["options"]
    drafts = sorted(_drafts(app), key=lambda draft: (draft.path, draft.method))
    schemas, components = _schemas(drafts)
    names = {name: _name(schema.get("title", name)) for name, schema in components.items()}
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": options.name, "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": options.base_url or "/"}],
        "tags": [{"name": name, "description": MODULES.get(name, "")} for name in _tags(drafts)],
        "paths": _paths(drafts, schemas),
        "components": {
            "schemas": dict(
                sorted((names[name], {**schema, "title": names[name]}) for name, schema in components.items())
            ),
            "securitySchemes": _security_schemes(options.scopes),
        },
    }
    finished: Json = _finished(document, names)
    return finished


def _security_schemes(scopes: Iterable[str]) -> Json:
    key = SECURITY_SCHEMES["ApiKey"]
    listed = ", ".join(f"`{scope}`" for scope in scopes)
    return {**SECURITY_SCHEMES, "ApiKey": {**key, "description": f"{key['description']} There are {listed}."}}


def _paths(drafts: list[OperationDraft], schemas: Schemas) -> Json:
    paths: Json = {}
    taken: set[str] = set()
    for draft in drafts:
        operation = draft.operation(schemas)
        if operation["operationId"] in taken:  # What is served below the prefix comes first.
            operation["operationId"] += "AtRoot"
        taken.add(operation["operationId"])
        paths.setdefault(draft.path, {})[draft.method] = operation
    return paths


def _schemas(drafts: list[OperationDraft]) -> tuple[Schemas, Json]:
    """A schema for each type: a reference to one of the components, or the properties of a query in full."""
    queries = [draft.query for draft in drafts if draft.query is not None]
    kinds = list(dict.fromkeys([Problem, *queries, *(kind for draft in drafts for kind in draft.types)]))
    found, components = json.schema_components(kinds, ref_template=_REFS)
    schemas: dict[Any, Json] = dict(zip(kinds, found, strict=True))
    for query in set(queries):
        schemas[query] = components.pop(schemas[query]["$ref"].rpartition("/")[2])
    return schemas, components


def _drafts(app: Litestar) -> Iterator[OperationDraft]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and handler.resolve_include_in_schema():
                    yield draft_operation(route, handler, method)


def _tags(drafts: list[OperationDraft]) -> list[str]:
    return sorted({tag for draft in drafts for tag in draft.tags})


def _name(title: str) -> str:
    """`Envelope[AcceptedBody]` becomes `AcceptedEnvelope`, `TopicBody` becomes `Topic`."""
    words: list[str] = re.findall(r"[\w.]+", title)
    outer, *inner = (word.rpartition(".")[2].removesuffix("Body") for word in words)
    if outer not in _FRAMES:
        return outer
    return "".join(word for word in inner if word != "list") + ("List" if "list" in inner else "") + outer


def _finished(node: Any, names: Mapping[str, str]) -> Any:  # Any: any part of a JSON document
    """References by their new names, and patterns as every language writes them."""
    if isinstance(node, list):
        return [_finished(child, names) for child in node]
    if not isinstance(node, dict):
        return node
    finished = {key: _finished(value, names) for key, value in node.items()}
    if isinstance(reference := node.get("$ref"), str):
        place, _, name = reference.rpartition("/")
        finished["$ref"] = f"{place}/{names.get(name, name)}"
    if isinstance(pattern := node.get("pattern"), str):
        finished["pattern"] = re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", pattern).replace(r"\Z", "$")
    return finished
