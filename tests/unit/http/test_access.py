"""Who may call what (S-06)."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from httpx import AsyncClient
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.http.guards import RequireScope, requires_stream, requires_subscriber
from application.identity.authenticate_caller import Scheme
from domain.identity.principal import Principal, PrincipalKind
from domain.identity.scopes import Scope
from domain.shared.errors import Unavailable
from tests.unit.http import stand_in
from tests.unit.http.stand_in import ADA, BACKEND, READER, Api

SEND = "/api/v1/notifications"
N, S, T, W = "/api/v1/notifications", "/api/v1/subscribers", "/api/v1/topics", "/api/v1/workflows"
# The contract's matrix: what opens which route.
OPENS = {
    ("POST", N): Scope.NOTIFICATIONS_WRITE,
    ("POST", f"{N}/bulk"): Scope.NOTIFICATIONS_WRITE,
    ("GET", N): Scope.NOTIFICATIONS_READ,
    ("GET", f"{N}/{{notification_id}}"): Scope.NOTIFICATIONS_READ,
    ("GET", f"{N}/{{notification_id}}/deliveries"): Scope.NOTIFICATIONS_READ,
    ("DELETE", f"{N}/{{notification_id}}"): Scope.NOTIFICATIONS_WRITE,
    ("GET", S): Scope.SUBSCRIBERS_READ,
    ("POST", f"{S}/bulk"): Scope.SUBSCRIBERS_WRITE,
    ("PUT", f"{S}/{{subscriber_id}}"): Scope.SUBSCRIBERS_WRITE,
    ("GET", f"{S}/{{subscriber_id}}"): Scope.SUBSCRIBERS_READ,
    ("PATCH", f"{S}/{{subscriber_id}}"): Scope.SUBSCRIBERS_WRITE,
    ("DELETE", f"{S}/{{subscriber_id}}"): Scope.SUBSCRIBERS_WRITE,
    ("POST", f"{S}/{{subscriber_id}}/tokens"): Scope.SUBSCRIBERS_TOKEN,
    ("PUT", f"{T}/{{key}}"): Scope.TOPICS_WRITE,
    ("GET", f"{T}/{{key}}"): Scope.TOPICS_READ,
    ("DELETE", f"{T}/{{key}}"): Scope.TOPICS_WRITE,
    ("POST", f"{T}/{{key}}/subscribers"): Scope.TOPICS_WRITE,
    ("DELETE", f"{T}/{{key}}/subscribers"): Scope.TOPICS_WRITE,
    ("GET", f"{S}/{{subscriber_id}}/preferences"): Scope.SUBSCRIBERS_READ,
    ("PATCH", f"{S}/{{subscriber_id}}/preferences"): Scope.SUBSCRIBERS_WRITE,
    ("GET", f"{S}/{{subscriber_id}}/preferences/log"): Scope.SUBSCRIBERS_READ,
    ("GET", "/api/v1/preferences/defaults"): Scope.SUBSCRIBERS_READ,
    ("PUT", "/api/v1/preferences/defaults"): Scope.SUBSCRIBERS_WRITE,
    ("GET", W): Scope.WORKFLOWS_READ,
    ("PUT", f"{W}/{{key}}"): Scope.WORKFLOWS_WRITE,
    ("GET", f"{W}/{{key}}"): Scope.WORKFLOWS_READ,
    ("PATCH", f"{W}/{{key}}"): Scope.WORKFLOWS_WRITE,
    ("DELETE", f"{W}/{{key}}"): Scope.WORKFLOWS_WRITE,
    ("POST", f"{W}/{{key}}/publish"): Scope.WORKFLOWS_WRITE,
    ("POST", f"{W}/{{key}}/rollback"): Scope.WORKFLOWS_WRITE,
    ("GET", f"{W}/{{key}}/versions"): Scope.WORKFLOWS_READ,
    ("GET", f"{W}/{{key}}/versions/{{number}}"): Scope.WORKFLOWS_READ,
    ("GET", f"{W}/{{key}}/diff"): Scope.WORKFLOWS_READ,
    ("POST", f"{W}/{{key}}/preview"): Scope.WORKFLOWS_READ,
    ("GET", "/sse/notifications"): "stream",
    ("GET", "/api/v1/sse/notifications"): "stream",
    ("POST", "/api/v1/sse/tickets"): "subscriber",
    ("POST", "/demo/notifications"): "subscriber",
}
PUBLIC = {
    ("GET", "/"),
    ("GET", "/assets/{name}"),
    ("POST", "/demo/session"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/health/live"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/docs/{name}"),
    ("GET", "/openapi.json"),
}


def every_route(api: Api) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in api.app().routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is served outside of the guards"
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                yield method, route.path_format, handler


def opener(handler: HTTPRouteHandler) -> object:
    guards = handler.resolve_guards()
    scopes = [guard.scope for guard in guards if isinstance(guard, RequireScope)]
    if scopes:
        return scopes[0]
    if requires_stream in guards:
        return "stream"
    return "subscriber" if requires_subscriber in guards else None


def test_s06_every_route_has_a_guard_or_is_public_when_the_routes_are_walked(api: Api) -> None:
    found = {(method, path): opener(handler) for method, path, handler in every_route(api)}
    public = {(method, path) for method, path, handler in every_route(api) if handler.opt.get("public")}
    inbox = {place: "subscriber" for place in found if place[1].startswith("/api/v1/inbox")}

    assert len(inbox) == 3 + 7 + 2 + 1 + 5
    assert public == PUBLIC
    assert {place: how for place, how in found.items() if place not in public} == OPENS | inbox
    assert all(found[place] is None for place in public)


def concrete(path: str) -> str:
    return (
        path.replace("{notification_id}", str(uuid4()))
        .replace("{item_id}", str(uuid4()))
        .format(subscriber_id="grace", key="news", name="x", number=1, action_id="track")
    )


@pytest.mark.parametrize("credential", [{}, {"Authorization": "ApiKey nobodys"}, {"Authorization": "Bearer nobodys"}])
async def test_s06_answers_401_on_every_route_when_there_is_no_valid_credential(
    api: Api, client: AsyncClient, credential: dict[str, str]
) -> None:
    for method, path, handler in every_route(api):
        if handler.opt.get("public"):
            continue
        response = await client.request(method, concrete(path), headers=credential)
        code = "auth.invalid_credential" if credential else "auth.missing_credential"
        assert (response.status_code, response.json()["code"]) == (401, code), (method, path)
        assert response.headers["WWW-Authenticate"].startswith("ApiKey")
    assert not any(use_case.calls for use_case in api.use_cases.values())


async def test_s06_answers_403_on_every_route_when_the_credential_is_of_the_wrong_kind(
    api: Api, client: AsyncClient
) -> None:
    for method, path, handler in every_route(api):
        how = opener(handler)
        if how is None:
            continue
        wrong, code = (
            (ADA, "auth.insufficient_scope") if isinstance(how, Scope) else (BACKEND, "auth.subscriber_required")
        )
        response = await client.request(method, concrete(path), headers=wrong)
        assert (response.status_code, response.json()["code"]) == (403, code), (method, path)
    assert not any(use_case.calls for use_case in api.use_cases.values())


async def test_answers_403_when_the_key_lacks_the_scope(client: AsyncClient) -> None:
    refused = await client.post(SEND, json={}, headers=READER)

    assert refused.json()["detail"] == "This needs the scope notifications:write"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ApiKey",
        "ApiKey ",
        "apikey",
        "Basic dXNlcjpwYXNz",
        "Bearer a b",
        "Bearer é",
        "backend",
        "Bearer  ada",
        "ada",
    ],
)
async def test_answers_401_when_the_authorization_is_malformed(client: AsyncClient, value: str) -> None:
    response = await client.get(SEND, headers={b"authorization": value.encode()})

    assert (response.status_code, response.json()["code"]) == (401, "auth.invalid_credential")


async def test_takes_the_scheme_in_any_case(api: Api, client: AsyncClient) -> None:
    for scheme in ("ApiKey", "apikey", "APIKEY"):
        response = await client.get("/api/v1/inbox/count", headers={"Authorization": f"{scheme} backend"})
        assert response.json()["code"] == "auth.subscriber_required"


async def test_answers_401_when_two_credentials_are_shown(client: AsyncClient) -> None:
    headers = [("Authorization", "ApiKey backend"), ("Authorization", "Bearer ada")]

    assert (await client.get(SEND, headers=headers)).status_code == 401


@pytest.mark.parametrize("name", ["api_key", "apiKey", "access_token", "token", "key"])
async def test_b27_answers_401_when_a_credential_stands_in_the_address(client: AsyncClient, name: str) -> None:
    alone = await client.get(f"{SEND}?{name}=crl_x")
    beside = await client.get(f"{SEND}?{name}=crl_x", headers=BACKEND)

    assert [each.json()["code"] for each in (alone, beside)] == ["auth.invalid_credential"] * 2


async def test_takes_a_ticket_only_where_a_stream_is_opened(api: Api, client: AsyncClient) -> None:
    for path in (SEND, "/api/v1/inbox", "/api/v1/inbox/count"):
        response = await client.get(f"{path}?ticket=good")
        assert (response.status_code, response.json()["code"]) == (401, "auth.missing_credential")

    spent = await client.get("/sse/notifications?ticket=bad")
    assert (spent.status_code, spent.json()["code"]) == (401, "auth.ticket_spent")

    api.open_stream.answer = Unavailable("only its input matters")
    opened = await client.get("/sse/notifications?ticket=good&lastEventId=1-2")
    assert opened.status_code == 503
    assert api.open_stream.calls[0][0][0].kind is PrincipalKind.TICKET


async def test_tells_the_log_who_called_when_somebody_did(api: Api, client: AsyncClient) -> None:
    await client.get("/api/v1/inbox/count", headers=ADA)
    await client.get("/api/v1/inbox/count")

    [known, unknown] = api.log.lines("http.request")
    assert (known.fields["actor"], known.fields["tenant_id"]) == ("subscriber:ada", "default")
    assert "actor" not in unknown.fields


async def test_opens_the_inbox_to_users_when_they_log_in(
    api: Api, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = Principal(kind=PrincipalKind.USER, tenant_id="default", id="ada")
    monkeypatch.setattr(stand_in, "PRINCIPALS", {(Scheme.BEARER, "user"): user})

    await client.get("/api/v1/inbox/count", headers={"Authorization": "Bearer user"})

    assert api.count_inbox.calls[0][0] == (user,)


async def test_looks_at_no_credential_when_the_route_is_public(client: AsyncClient) -> None:
    response = await client.get("/health/live", headers={"Authorization": "Basic nonsense"})

    assert response.status_code == 200
