"""The contract as a document (DOC-01 to DOC-04)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient

from app.http.openapi import openapi_document
from app.http.options import HttpOptions
from app.http.problem import STATUS
from app.http.version import VERSION
from tests.unit.http.stand_in import Api
from tests.unit.http.test_access import every_route
from tests.unit.http.test_errors import CONTRACT


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document(Api(options=HttpOptions(name="Bells", base_url="https://n.example.com")).app())


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_says_what_and_where_it_is(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert (document["info"]["title"], document["info"]["version"]) == ("Bells", VERSION)
    assert document["servers"] == [{"url": "https://n.example.com"}]
    assert set(document["components"]["securitySchemes"]) == {"ApiKey", "Bearer", "Ticket"}


def test_has_every_route_but_the_pages(document: dict[str, Any]) -> None:
    served = {
        (method.lower(), re.sub(r"_(\w)", lambda match: match[1].upper(), path))
        for method, path, handler in every_route(Api())
        if handler.resolve_include_in_schema()
    }

    assert {(method, path) for path, method, _ in operations(document)} == served
    assert not [path for path in document["paths"] if path.startswith(("/demo", "/assets", "/docs"))]


def test_resolves_every_reference_and_names_every_type_well(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert {reference.rpartition("/")[2] for reference in references(document)} <= set(schemas)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in schemas)
    assert not [name for name in schemas if name.endswith("Body")]
    assert all(schema["title"] == name for name, schema in schemas.items())


def test_gives_every_operation_an_id_a_module_and_words(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    described = {tag["name"] for tag in document["tags"] if tag["description"]}

    assert len(ids) == len(set(ids))
    for _, _, operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= described


def test_answers_problems_to_every_failure(document: dict[str, Any]) -> None:
    statuses = {str(status) for status in STATUS.values()}
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status in statuses and path not in {"/health", "/health/ready"}:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
        assert "default" in operation["responses"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("post", "/api/v1/notifications", "202 400 401 403 406 408 409 413 415 422 429 503 504"),
        ("get", "/api/v1/notifications", "200 400 401 403 404 406 422 429 503 504"),
        ("delete", "/api/v1/notifications/{notificationId}", "202 400 401 403 404 406 422 429 503 504"),
        ("put", "/api/v1/subscribers/{subscriberId}", "200 201 400 401 403 404 406 408 413 415 422 429 503 504"),
        ("delete", "/api/v1/topics/{key}", "204 400 401 403 404 406 422 429 503 504"),
        ("get", "/sse/notifications", "200 400 401 403 404 406 422 429 503"),
        ("get", "/health/ready", "200 400 406 503 504"),
    ],
)
def test_names_the_statuses_that_can_occur(document: dict[str, Any], method: str, path: str, expected: str) -> None:
    answers = document["paths"][path][method]["responses"]

    assert " ".join(status for status in sorted(answers) if status != "default") == expected


def test_names_the_codes_of_the_contract_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps([operation["responses"] for _, _, operation in operations(document)])

    # These can happen to any request, or where no operation is found.
    anywhere = {"system.internal", "request.method_not_allowed"}
    assert {code for code in CONTRACT if f"`{code}`" not in text} == anywhere


def test_says_which_credential_and_scope_each_operation_needs(document: dict[str, Any]) -> None:
    paths = document["paths"]

    assert paths["/api/v1/notifications"]["post"]["security"] == [{"ApiKey": ["notifications:write"]}]
    assert paths["/api/v1/subscribers/{subscriberId}/tokens"]["post"]["security"] == [{"ApiKey": ["subscribers:token"]}]
    assert paths["/api/v1/inbox"]["get"]["security"] == [{"Bearer": []}]
    assert paths["/sse/notifications"]["get"]["security"] == [{"Bearer": []}, {"Ticket": []}]
    assert paths["/health"]["get"]["security"] == []


def test_keeps_the_limits_inside_lists_and_says_which_entries_there_are(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    entries = schemas["SendNotification"]["properties"]["to"]["anyOf"][0]

    assert entries["maxItems"] == 1_000
    assert entries["items"]["anyOf"][0]["maxLength"] == 255
    assert [choice.get("required") for choice in entries["items"]["oneOf"]] == [None, ["subscriberId"], ["topic"]]
    assert schemas["SendNotification"]["additionalProperties"] is False
    assert schemas["SendNotifications"]["properties"]["notifications"]["items"] == {
        "$ref": "#/components/schemas/SendNotification"
    }
    assert not re.search(r"\\\\x|\\\\Z", json.dumps(document))


def test_is_the_same_each_time() -> None:
    assert json.dumps(openapi_document(Api().app())) == json.dumps(openapi_document(Api().app()))


async def test_is_served_with_its_page(client: AsyncClient) -> None:
    served = await client.get("/openapi.json")
    page = await client.get("/docs")
    script = await client.get("/docs/docs.js")

    assert served.headers["content-type"] == "application/json"
    assert served.json()["info"]["title"] == "Carillon"
    assert served.content == (await client.get("/openapi.json")).content
    assert 'src="/docs/docs.js"' in page.text
    assert "{docs}" not in page.text
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await client.get("/docs/inbox.js")).status_code == 404


async def test_finds_its_files_wherever_the_page_is() -> None:
    async with Api(options=HttpOptions(docs_path="/reference")).client() as client:
        page = await client.get("/reference")

        [script] = re.findall(r'src="([^"]+)"', page.text)
        assert (await client.get(script)).status_code == 200
        assert (await client.get("/docs")).status_code == 404
