"""One operation of the OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.http.guards import RequireScope, requires_stream, requires_subscriber
from app.http.inbox.schemas import InboxItemBody
from app.http.middleware.timeout import STREAM
from app.http.negotiation import media_type_of
from app.http.openapi_errors import error_answers
from app.http.openapi_parameters import camel, parameters
from app.http.openapi_stream import event_schema
from app.http.preferences.guards import RequireScopeOrSelf
from app.http.requests import without_none

# Any: JSON documents, and types as annotations hold them.
Json = dict[str, Any]
Schemas = Mapping[Any, Json]

_JSON: Final = "application/json"
_WORDS: Final = {200: "OK", 201: "Created", 202: "Accepted", 204: "Done", 503: "Down"}
_RATE_HEADERS: Final = {
    "RateLimit": {"description": "Where the caller stands: requests left, seconds to a full allowance."},
    "RateLimit-Policy": {"description": "The limit and its window in seconds."},
}
_REPLAYED: Final = {"Idempotency-Replayed": {"description": "`true` when this repeats an earlier answer."}}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDraft:
    """A route with one method, and the types whose schemas it needs."""

    path: str
    method: str
    route: HTTPRoute
    handler: HTTPRouteHandler

    @property
    def tags(self) -> list[str]:
        """The module it belongs to."""
        return sorted(self.handler.resolve_tags())

    @property
    def answers(self) -> tuple[Any, ...]:
        """The types of what it answers when all is well; of a stream, what its events are about."""
        if self.is_stream:
            return (InboxItemBody,)
        return tuple(_unwrapped(self.handler.parsed_fn_signature.return_type.annotation))

    @property
    def is_stream(self) -> bool:
        """Whether the answer has no end."""
        return media_type_of(self.handler) == STREAM

    @property
    def body(self) -> Any:
        """The type of the body; None without one."""
        declared = self.handler.parsed_data_field
        if declared is None:
            return None
        return self.handler.opt.get("body") or without_none(declared.annotation)

    @property
    def query(self) -> Any:
        """The type of the query; None without one."""
        return self.handler.opt.get("query")

    @property
    def types(self) -> list[Any]:
        """The types of bodies that it takes and answers with."""
        return [kind for kind in (*self.answers, self.body) if kind not in (None, str)]

    def operation(self, schemas: Schemas) -> Json:
        """The operation, given the schemas of `types`."""
        handler = self.handler
        described = {
            "operationId": self._id(),
            "tags": self.tags,
            "summary": handler.summary,
            "description": " ".join(cleandoc(handler.fn.__doc__ or "").split("\n")),
            "parameters": parameters(self.route, handler, schemas),
            "requestBody": self._request_body(schemas),
            "responses": {**self._successes(schemas), **error_answers(self.route, handler)},
            "security": security_of(handler),
        }
        return {name: part for name, part in described.items() if part is not None}

    def _id(self) -> str:
        name = camel(self.handler.handler_name)
        if len(self.handler.paths) == 1 and self.path.startswith("/api/"):
            return name
        last = re.sub(r"\W", "_", self.path.rpartition("/")[2])
        return name + "".join(word.capitalize() for word in last.split("_")) if len(self.handler.paths) > 1 else name

    def _request_body(self, schemas: Schemas) -> Json | None:
        if self.body is None:
            return None
        declared = self.handler.parsed_data_field
        required = declared is not None and not declared.has_default
        content = {"schema": schemas[self.body]}
        if "example" in self.handler.opt:
            content["example"] = self.handler.opt["example"]
        return {"required": required, "content": {_JSON: content}}

    def _successes(self, schemas: Schemas) -> Json:
        opt = self.handler.opt
        codes = [200, 201] if opt.get("creates") else [self.handler.status_code]
        if opt.get("unhealthy"):
            codes.append(503)
        headers = {**(_RATE_HEADERS if not opt.get("public") else {}), **(_REPLAYED if opt.get("idempotent") else {})}
        return {str(code): self._success(code, headers, schemas) for code in codes}

    def _success(self, code: int, headers: Json, schemas: Schemas) -> Json:
        answer: Json = {"description": _WORDS.get(code, "Done")}
        if headers:
            answer["headers"] = {name: {**header, "schema": {"type": "string"}} for name, header in headers.items()}
        found = [schemas.get(kind, {"type": "string"}) for kind in self.answers]
        if found:
            schema = found[0] if len(found) == 1 else {"oneOf": found}
            schema = event_schema(schema) if self.is_stream else schema
            answer["content"] = {media_type_of(self.handler): {"schema": schema}}
        return answer


def draft_operation(route: HTTPRoute, handler: HTTPRouteHandler, method: str) -> OperationDraft:
    """The draft of one route and method; names in paths are camelCase, as everywhere on the wire."""
    path = re.sub(r"{(\w+)}", lambda name: f"{{{camel(name[1])}}}", route.path_format) or "/"
    return OperationDraft(path=path, method=method.lower(), route=route, handler=handler)


def security_of(handler: HTTPRouteHandler) -> list[Json]:
    """Which credential opens it; an empty list for none."""
    guards = handler.resolve_guards()
    scopes = [guard.scope.value for guard in guards if isinstance(guard, RequireScope)]
    if scopes:
        own = any(isinstance(guard, RequireScopeOrSelf) for guard in guards)
        return [{"ApiKey": scopes}, *([{"Bearer": []}] if own else [])]
    if requires_stream in guards:
        return [{"Bearer": []}, {"Ticket": []}]
    return [{"Bearer": []}] if requires_subscriber in guards else []


def _unwrapped(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _unwrapped(part)
    elif get_origin(annotation) is Response:
        yield from get_args(annotation)
    elif annotation not in (None, NoneType):
        yield annotation if hasattr(annotation, "__struct_fields__") else str
