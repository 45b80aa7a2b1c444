"""The documentation of the API."""

from litestar import Response, Router, get
from litestar.params import FromPath
from msgspec.json import encode

from app.http.openapi import openapi_document
from app.http.page_answers import page_answer
from app.http.requests import ApiRequest


@get("/openapi.json", media_type="*/*", public=True, any_query=True, include_in_schema=False)
async def show_openapi(request: ApiRequest) -> Response[bytes]:
    """The contract as a document; made when it is first asked for."""
    state = request.app.state
    if "openapi" not in state:
        state["openapi"] = encode(openapi_document(request.app))
    return Response(state["openapi"], media_type="application/json")


@get("/", media_type="text/html", public=True, any_query=True, include_in_schema=False)
async def show_docs(request: ApiRequest) -> Response[bytes]:
    """A page that reads the contract and lets it be tried."""
    path: str = request.app.state["options"].docs_path or ""
    return page_answer(request, "docs.html", fill={b"{docs}": path.encode()})


@get("/{name:str}", media_type="*/*", public=True, any_query=True, include_in_schema=False, rate_limit="exempt")
async def show_docs_asset(request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
    """What the page is made of."""
    return page_answer(request, name if name.startswith("docs.") else "")


def docs_router(path: str) -> Router:
    """`/openapi.json`, and the page at `path`."""
    return Router("/", route_handlers=[show_openapi, Router(path, route_handlers=[show_docs, show_docs_asset])])
