"""Preferences over HTTP: whose they are, what is answered, and everything that is wrong with them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient, Response

from domain.identity.api_key import ApiKey, compose
from domain.identity.scopes import Scope
from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, Carillon

SUBSCRIBERS = "/api/v1/subscribers"
ADA = f"{SUBSCRIBERS}/ada/preferences"
DEFAULTS = "/api/v1/preferences/defaults"
Json = dict[str, Any]  # Any: JSON
Headers = dict[str, str]
NO_OPINION: Json = {"enabled": None, "channels": {}}
NOTHING: Json = {
    "global": NO_OPINION,
    "workflows": {},
    "categories": {},
    "quietHours": None,
    "doNotDisturb": None,
}
WORKFLOW: Json = {
    "name": "Shipped",
    "tags": ["orders"],
    "steps": [{"key": "text", "type": "sms", "template": {"body": "Hello"}}],
}


@pytest.fixture(autouse=True)
async def ada(client: AsyncClient) -> Headers:
    """She is there, with a token."""
    return await browser(client, "ada")


async def browser(client: AsyncClient, subscriber_id: str) -> Headers:
    path = f"{SUBSCRIBERS}/{quote(subscriber_id, safe='')}"
    assert (await client.put(path, json={"timezone": "Europe/Berlin"}, headers=BACKEND)).status_code == 201
    issued = await client.post(f"{path}/tokens", headers=BACKEND)
    return {"Authorization": f"Bearer {issued.json()['data']['token']}"}


async def key_with(carillon: Carillon, scope: Scope, secret: str) -> Headers:
    container, key = carillon.container, compose(secret * 30)
    async with container.unit_of_work() as uow:
        await uow.installation.add_api_key(
            ApiKey(
                id=container.ids().new(),
                tenant_id="default",
                name=scope.value,
                digest=key.digest,
                scopes=frozenset({scope}),
                created_at=container.clock().now(),
            )
        )
        await uow.commit()
    return {"Authorization": f"ApiKey {key.text}"}


def data(answer: Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def refused(answer: Response, status: int, code: str) -> list[str]:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    return sorted(error["path"] for error in problem.get("errors") or [])


async def test_the_whole_is_answered_when_they_are_patched_and_read(client: AsyncClient, ada: Headers) -> None:
    assert data(await client.get(ADA, headers=BACKEND)) == NOTHING
    body: Json = {
        "global": {"channels": {"sms": False}},
        "workflows": {"order-shipped": {"channels": {"email": False}}},
        "categories": {"marketing": {"enabled": False}},
        "quietHours": {"weekly": {"monday": [{"start": "22:00", "end": "07:00"}]}, "letThrough": ["high"]},
        "doNotDisturb": {"until": "2099-01-01T01:00:00+01:00", "channels": []},
    }
    whole = data(await client.patch(ADA, json=body, headers=ada))

    assert whole == {
        "global": {"enabled": None, "channels": {"sms": False}},
        "workflows": {"order-shipped": {"enabled": None, "channels": {"email": False}}},
        "categories": {"marketing": {"enabled": False, "channels": {}}},
        "quietHours": {
            "enabled": True,
            "timezone": None,
            "weekly": {"monday": [{"start": "22:00", "end": "07:00"}]},
            "channels": ["sms", "push", "chat", "webhook"],
            "letThrough": ["high"],
        },
        "doNotDisturb": {"until": "2099-01-01T00:00:00.000Z", "channels": [], "letThrough": []},
    }
    assert data(await client.get(ADA, headers=BACKEND)) == whole
    assert data(await client.patch(ADA, json=whole, headers=BACKEND)) == whole
    taken = {"global": {"channels": {"sms": None}}, "workflows": {"order-shipped": None}, "categories": None}
    assert data(await client.patch(ADA, json={**taken, "doNotDisturb": None}, headers=BACKEND)) == {
        **NOTHING,
        "quietHours": whole["quietHours"],
    }
    assert data(await client.patch(ADA, json={}, headers=ada))["quietHours"] == whole["quietHours"]


async def test_each_change_is_in_the_log_with_its_author_when_it_is_read(client: AsyncClient, ada: Headers) -> None:
    await client.patch(ADA, json={"global": {"enabled": False}}, headers=ada)
    await client.patch(ADA, json={"global": {"enabled": False}}, headers=ada)
    await client.patch(
        ADA, json={"global": {"enabled": True}, "categories": {"a b": {"enabled": False}}}, headers=BACKEND
    )
    entries = data(await client.get(f"{ADA}/log", headers=ada))

    assert [(one["path"], one["from"], one["to"], one["by"].partition(":")[0]) for one in entries] == [
        ("global.enabled", False, True, "api_key"),
        ('categories["a b"].enabled', None, False, "api_key"),
        ("global.enabled", None, False, "subscriber"),
    ]
    assert entries[2]["by"] == "subscriber:ada"
    assert set(entries[0]) == {"at", "by", "path", "from", "to"}
    page = (await client.get(f"{ADA}/log?limit=2", headers=ada)).json()
    rest = await client.get(f"{ADA}/log", params={"cursor": page["meta"]["nextCursor"]}, headers=ada)
    assert page["data"] + data(rest) == entries
    assert refused(await client.get(f"{ADA}/log?cursor=x", headers=ada), 400, "request.invalid_cursor") == []


async def test_each_channel_says_why_when_it_is_asked_what_it_comes_to(client: AsyncClient, ada: Headers) -> None:
    assert (await client.put("/api/v1/workflows/shipped", json=WORKFLOW, headers=BACKEND)).status_code == 201
    effective = {"effective": "true", "workflow": "shipped"}
    assert refused(await client.get(ADA, params=effective, headers=ada), 404, "workflows.not_found") == []
    assert (await client.post("/api/v1/workflows/shipped/publish", headers=BACKEND)).status_code == 200
    await client.put(DEFAULTS, json={"categories": {"orders": {"channels": {"chat": False}}}}, headers=BACKEND)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"workflows": {"shipped": {"channels": {"email": False}}}, "doNotDisturb": {"until": until}}
    await client.patch(ADA, json=body, headers=ada)
    found = data(await client.get(ADA, params=effective, headers=ada))["effective"]

    assert set(found) == {"in_app", "email", "sms", "push", "chat", "webhook"}
    assert found["email"] == {
        "allowed": False,
        "reason": "preference.workflow_channel",
        "heldUntil": None,
        "because": "the subscriber's switch for this channel of this workflow is off",
    }
    assert found["chat"]["reason"] == "preference.tenant_category_channel"
    assert found["sms"] == {
        "allowed": True,
        "reason": "preference.do_not_disturb",
        "heldUntil": until,
        "because": "the subscriber does not want to be disturbed",
    }
    assert found["in_app"]["because"] == "the workflow's default is on"
    inline = data(await client.get(f"{ADA}?effective=true", headers=ada))["effective"]
    assert inline["email"]["because"] == "on, because nobody said otherwise"
    assert refused(await client.get(f"{ADA}?workflow=shipped", headers=ada), 422, "request.invalid") == ["workflow"]
    assert refused(await client.get(f"{ADA}?effective=yes", headers=ada), 422, "request.invalid") == ["effective"]
    assert "effective" not in data(await client.get(ADA, headers=ada))


async def test_the_whole_is_replaced_when_defaults_are_put(client: AsyncClient) -> None:
    empty = {"global": NO_OPINION, "workflows": {}, "categories": {}}
    assert data(await client.get(DEFAULTS, headers=BACKEND)) == empty
    await client.put(DEFAULTS, json={"global": {"enabled": False}}, headers=BACKEND)
    put = data(await client.put(DEFAULTS, json={"workflows": {"w": {"channels": {"sms": False}}}}, headers=BACKEND))
    assert put == {**empty, "workflows": {"w": {"enabled": None, "channels": {"sms": False}}}}
    assert data(await client.get(DEFAULTS, headers=BACKEND)) == put
    bad = {"quietHours": {}, "doNotDisturb": None, "workflows": {"w": {"channels": {"fax": True}}}}
    assert refused(await client.put(DEFAULTS, json=bad, headers=BACKEND), 422, "request.invalid") == [
        "doNotDisturb",
        "quietHours",
        "workflows.w.channels.fax",
    ]


async def test_all_that_is_wrong_is_told_by_path_when_it_is_refused(client: AsyncClient, ada: Headers) -> None:
    bad: Json = {
        "nope": None,
        "global": {"enabled": "no", "channels": {"fax": None}},
        "categories": {"": {}, "c": {"channels": []}},
        "quietHours": {
            "timezone": "Mars/Base",
            "weekly": {"monday": [{"start": "24:00", "end": "7:00"}, 5], "Montag": []},
            "channels": ["fax"],
            "letThrough": ["loud"],
        },
        "doNotDisturb": {"until": "tomorrow"},
    }
    assert refused(await client.patch(ADA, json=bad, headers=ada), 422, "request.invalid") == sorted(
        [
            "nope",
            "global.enabled",
            "global.channels.fax",
            "categories",
            "categories.c.channels",
            "quietHours.timezone",
            "quietHours.weekly.monday[0].start",
            "quietHours.weekly.monday[0].end",
            "quietHours.weekly.monday[1]",
            "quietHours.weekly.Montag",
            "quietHours.channels[0]",
            "quietHours.letThrough[0]",
            "doNotDisturb.until",
        ]
    )
    assert data(await client.get(ADA, headers=ada)) == NOTHING
    assert data(await client.get(f"{ADA}/log", headers=ada)) == []


NESTED = 900
BROKEN = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"5",
    b'"x"',
    b"\xff",
    b'{"global": {"enabled": NaN}}',
    b'{"global": 1e400}',
    b'{"global": ' + b"1" * 5_000 + b"}",
    b'{"workflows": {"a\\u0000": {"enabled": true}}}',
    b'{"workflows": {"\\ud800": {"enabled": true}}}',
    b'{"workflows": {"' + b"k" * 65 + b'": null, "x": 1}}',
    b'{"workflows":' * NESTED + b"1" + b"}" * NESTED,
    b'{"workflows":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"quietHours": {"timezone": "../../etc/passwd"}}',
    b'{"quietHours": {"timezone": "' + b"A/" * 40 + b'"}}',
    b'{"quietHours": {"weekly": {"monday": ' + b'[{"start":"00:00","end":"00:01"}' + b",1" * 30 + b"]}}}",
    b'{"quietHours": {"weekly": {"monday": [{"start": "\xd9\xa1\xd9\xa2:00", "end": "07:00"}]}}}',
    b'{"quietHours": {"letThrough": [null]}, "nope": 1}',
    b'{"quietHours": {"channels": {}}}',
    b'{"doNotDisturb": {"until": "9999-12-31T23:59:59.999999999-23:59"}}',
    b'{"doNotDisturb": {"until": "0001-01-01T00:00:00Z"}}',
    b'{"doNotDisturb": {"until": 5}}',
    b'{"doNotDisturb": {}}',
    b'{"doNotDisturb": {"until": null}}',
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_a_problem_and_nothing_else_comes_back_when_a_body_is_broken(client: AsyncClient, body: bytes) -> None:
    for method, path in (("PATCH", ADA), ("PUT", DEFAULTS)):
        answer = await client.request(
            method, path, content=body, headers={**BACKEND, "content-type": "application/json"}
        )
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert data(await client.get(ADA, headers=BACKEND)) == NOTHING


async def test_everybody_has_their_own_alone_when_they_come_with_their_token(client: AsyncClient, ada: Headers) -> None:
    slash = await browser(client, "a/b ü")
    path = f"{SUBSCRIBERS}/{quote('a/b ü', safe='')}/preferences"
    own = data(await client.patch(path, json={"global": {"enabled": False}}, headers=slash))
    assert own["global"]["enabled"] is False
    assert data(await client.get(f"{path}/log", headers=slash))[0]["by"] == "subscriber:a/b ü"
    assert data(await client.get(ADA, headers=ada)) == NOTHING

    for subscriber_id in ("ada", "nobody"):
        other = f"{SUBSCRIBERS}/{subscriber_id}/preferences"
        for answer in (
            await client.get(other, headers=slash),
            await client.get(f"{other}?effective=true", headers=slash),
            await client.patch(other, json={}, headers=slash),
            await client.get(f"{other}/log", headers=slash),
        ):
            assert refused(answer, 403, "auth.insufficient_scope") == []
    assert refused(await client.get(DEFAULTS, headers=ada), 403, "auth.insufficient_scope") == []
    assert refused(await client.put(DEFAULTS, json={}, headers=ada), 403, "auth.insufficient_scope") == []
    assert refused(await client.get(ADA), 401, "auth.missing_credential") == []


async def test_reading_and_writing_need_their_scopes_when_keys_have_one_each(
    client: AsyncClient, carillon: Carillon
) -> None:
    reading = await key_with(carillon, Scope.SUBSCRIBERS_READ, "R")
    writing = await key_with(carillon, Scope.SUBSCRIBERS_WRITE, "W")
    for path in (ADA, f"{ADA}/log", DEFAULTS):
        assert (await client.get(path, headers=reading)).status_code == 200
        assert refused(await client.get(path, headers=writing), 403, "auth.insufficient_scope") == []
    for method, path in (("PATCH", ADA), ("PUT", DEFAULTS)):
        assert (await client.request(method, path, json={}, headers=writing)).status_code == 200
        denied = await client.request(method, path, json={}, headers=reading)
        assert refused(denied, 403, "auth.insufficient_scope") == []


async def test_nobody_is_found_when_the_subscriber_is_another_tenants(client: AsyncClient, carillon: Carillon) -> None:
    await carillon.add_tenant("neighbour", "B" * 30)
    await client.put(DEFAULTS, json={"global": {"enabled": False}}, headers=BACKEND)
    for answer in (
        await client.get(ADA, headers=OTHER_TENANT),
        await client.get(f"{ADA}?effective=true", headers=OTHER_TENANT),
        await client.patch(ADA, json={"global": {"enabled": False}}, headers=OTHER_TENANT),
        await client.get(f"{ADA}/log", headers=OTHER_TENANT),
        await client.get(f"{SUBSCRIBERS}/nobody/preferences", headers=BACKEND),
    ):
        assert refused(answer, 404, "subscribers.not_found") == []
    assert data(await client.get(DEFAULTS, headers=OTHER_TENANT))["global"] == NO_OPINION
    assert data(await client.get(ADA, headers=BACKEND)) == NOTHING


async def test_a_new_subscriber_begins_anew_when_the_old_one_was_deleted(client: AsyncClient, ada: Headers) -> None:
    await client.patch(ADA, json={"global": {"enabled": False}}, headers=ada)
    assert (await client.delete(f"{SUBSCRIBERS}/ada", headers=BACKEND)).status_code == 204
    assert refused(await client.get(ADA, headers=ada), 404, "subscribers.not_found") == []
    await browser(client, "ada")
    assert data(await client.get(ADA, headers=BACKEND)) == NOTHING
    assert data(await client.get(f"{ADA}/log", headers=BACKEND)) == []
