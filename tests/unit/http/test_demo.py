"""The page at `/` and what it may do."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.web import PageFiles
from application.shared.idempotency import Answer
from application.subscribers.views import SubscriberToken
from domain.notifications.content import Severity
from tests.unit.http.documents import ACCEPTED, STAMP
from tests.unit.http.stand_in import ADA, BACKEND, NOW, Api

HERE = {"Host": "localhost:8000", "Origin": "http://localhost:8000"}


def packaged() -> dict[str, tuple[bytes, str]]:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    folder = Path(__file__).resolve().parents[3] / "app" / "web"
    return {path.name: (path.read_bytes(), types[path.suffix]) for path in folder.iterdir() if path.suffix in types}


async def test_serves_the_page_under_a_strict_policy(client: AsyncClient) -> None:
    response = await client.get("/?subscriberId=ada")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "<title>Inbox" in response.text


async def test_serves_every_file_that_the_page_names(client: AsyncClient) -> None:
    for name, (content, media_type) in packaged().items():
        response = await client.get(f"/assets/{name}?v=1")
        assert (response.status_code, response.content) == (200, content), name
        assert response.headers["content-type"].split(";")[0] == media_type


async def test_sends_nothing_again_when_the_browser_has_it(client: AsyncClient) -> None:
    first = await client.get("/assets/inbox.js")
    again = await client.get("/assets/inbox.js", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["__init__.py", "nothing.js", "..%2Fweb%2Finbox.js", "%2e%2e%2fhttp", "inbox.js%00", "inbox_js", ""]
)
async def test_serves_nothing_else_when_a_name_is_not_packaged(client: AsyncClient, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status_code in {404, 422}


def test_reads_no_path_when_it_is_given_one() -> None:
    for name in ("../web/inbox.js", "/etc/passwd", "__init__.py", "."):
        assert PageFiles().get(name) is None


async def test_opens_a_session_for_whoever_is_named(api: Api, client: AsyncClient) -> None:
    api.open_demo_session.answer = lambda name: (name or "guest-1", SubscriberToken(token="t", expires_at=NOW))

    named = await client.post("/demo/session", json={"subscriberId": "ada"}, headers=HERE)
    somebody = await client.post("/demo/session", headers=HERE)

    assert named.status_code == 201
    assert named.json()["data"] == {"token": "t", "expiresAt": STAMP, "subscriberId": "ada"}
    assert somebody.json()["data"]["subscriberId"] == "guest-1"


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"Host": "carillon.example.com"}),
        ("127.0.0.1", {"Host": "127.0.0.1.evil.com"}),
        ("127.0.0.1", {"Host": "192.0.2.7:8000"}),
        ("127.0.0.1", {"Host": ""}),
        ("127.0.0.1", {"Origin": "https://evil.com"}),
        ("127.0.0.1", {"Origin": "null"}),
        ("127.0.0.1", {"Origin": "http://localhost:9999"}),
        ("127.0.0.1", {"Origin": "https://localhost:8000"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
    ],
)
@pytest.mark.parametrize("path", ["/demo/session", "/demo/notifications"])
async def test_is_not_there_when_the_caller_is_no_page_of_this_machine(
    api: Api, peer: str, headers: dict[str, str], path: str
) -> None:
    async with api.client(peer) as client:
        response = await client.post(path, json={"title": "x"}, headers={**HERE, **headers, **ADA})

    assert response.status_code == 404
    assert not api.open_demo_session.calls
    assert not api.send_notification.calls


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "127.8.8.8"])
async def test_is_there_however_this_machine_is_called(api: Api, client: AsyncClient, host: str) -> None:
    api.open_demo_session.answer = ("ada", SubscriberToken(token="t", expires_at=NOW))
    own = {"Host": host, "Origin": f"http://{host}"}

    assert (await client.post("/demo/session", headers=own)).status_code == 201


async def test_sends_to_the_caller_alone_when_it_sends(api: Api, client: AsyncClient) -> None:
    api.send_notification.answer = Answer(ACCEPTED)
    body: dict[str, Any] = {
        "title": "Build 318 failed",
        "body": "2 tests are red",
        "severity": "high",
        "actions": [{"id": "open", "label": "Open", "url": "https://example.com"}],
    }

    response = await client.post("/demo/notifications", json=body, headers={**HERE, **ADA})

    assert (response.status_code, response.json()["data"]["transactionId"]) == (202, "order-42")
    command = api.send_notification.calls[0][0][0]
    assert [entry.subscriber_id for entry in command.audience.entries] == ["ada"]
    assert (command.content.title, command.severity) == ("Build 318 failed", Severity.HIGH)
    assert command.principal.tenant_id == "default"


async def test_names_the_field_when_the_form_is_wrong(client: AsyncClient) -> None:
    response = await client.post("/demo/notifications", json={"title": ""}, headers={**HERE, **ADA})

    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, "title")


async def test_sends_for_subscribers_alone(client: AsyncClient) -> None:
    for credential, status in (({}, 401), (BACKEND, 403)):
        response = await client.post("/demo/notifications", json={"title": "x"}, headers={**HERE, **credential})
        assert response.status_code == status
