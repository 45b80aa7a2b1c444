"""Workflows over HTTP: drafts, versions, and everything that is wrong with them."""

from typing import Any

import pytest
from httpx import AsyncClient, Response
from msgspec.json import encode

from domain.identity.api_key import ApiKey, compose
from domain.identity.scopes import Scope
from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, Carillon

WORKFLOWS = "/api/v1/workflows"
PATH = f"{WORKFLOWS}/order-shipped"
Json = dict[str, Any]  # Any: JSON
INBOX: Json = {"key": "inbox", "type": "in_app", "template": {"title": "Order {{ payload.id }}", "body": "Shipped"}}
MAIL: Json = {
    "key": "mail",
    "type": "email",
    "if": {"!": {"var": "steps.inbox.read"}},
    "template": {"subject": "Shipped", "mjml": "<mjml><mj-body></mj-body></mjml>"},
    "escalate": {"step": "inbox", "ifNot": "seen", "after": "30m"},
}
SHIPPED: Json = {
    "name": "Order shipped",
    "tags": ["orders", "a b"],
    "payloadSchema": {"type": "object", "required": ["id"]},
    "steps": [INBOX, {"key": "wait", "type": "delay", "delay": {"for": "10m"}}, MAIL],
}
DEFAULTS: Json = {
    "description": "",
    "severity": "none",
    "critical": False,
    "preferences": {"enabled": True, "channels": {}},
    "routing": {"method": "all"},
    "translations": {},
    "layout": None,
    "defaultLocale": "en",
}


async def put(client: AsyncClient, path: str = PATH, **changes: Any) -> Response:
    return await client.put(path, json={**SHIPPED, **changes}, headers=BACKEND)


async def read(client: AsyncClient, path: str = PATH, **query: str) -> Any:
    answer = await client.get(path, params=query, headers=BACKEND)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def post(client: AsyncClient, action: str, body: Json | None = None, path: str = PATH) -> Response:
    if body is None:
        return await client.post(f"{path}/{action}", headers=BACKEND)
    return await client.post(f"{path}/{action}", json=body, headers=BACKEND)


def refused(answer: Response, status: int, code: str) -> list[str]:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    return [error["path"] for error in problem["errors"]]


async def test_it_is_answered_as_it_was_written_when_it_is_put_and_read(client: AsyncClient) -> None:
    created = await put(client)
    again = await put(client)
    data = created.json()["data"]

    assert (created.status_code, again.status_code) == (201, 200)
    assert {name: data[name] for name in (*SHIPPED, *DEFAULTS)} == {**SHIPPED, **DEFAULTS}
    assert set(data) - set(SHIPPED) - set(DEFAULTS) == {
        "key", "active", "published", "draft", "revision", "createdAt", "updatedAt",
    }  # fmt: skip
    assert (data["key"], data["active"], data["published"], data["revision"]) == ("order-shipped", True, None, 1)
    assert data["draft"] == {"changed": True, "updatedAt": data["createdAt"]}
    assert await read(client) == data == again.json()["data"]


async def test_what_is_sent_is_what_was_published_when_the_draft_goes_on(client: AsyncClient) -> None:
    await put(client)
    first = (await post(client, "publish", {"note": "go"})).json()["data"]
    assert (first["version"], first["note"], first["rolledBackTo"]) == (1, "go", None)
    assert len(first["digest"]) == 64
    assert first["publishedBy"].startswith("api_key:")
    data = await read(client)
    assert data["published"] == {"version": 1, "publishedAt": first["publishedAt"]}
    assert not data["draft"]["changed"]

    changed = await client.patch(PATH, json={"name": "Sent", "tags": None, "active": False}, headers=BACKEND)
    data = changed.json()["data"]
    assert (data["name"], data["tags"], data["active"], data["draft"]["changed"]) == ("Sent", [], False, True)
    assert data["published"]["version"] == 1
    assert (await post(client, "publish")).json()["data"]["version"] == 2
    unchanged = await post(client, "publish", {"note": "nothing new"})
    assert (unchanged.status_code, unchanged.json()["data"]["version"], unchanged.json()["data"]["note"]) == (
        200,
        2,
        None,
    )


async def test_history_is_only_added_to_when_it_is_rolled_back(client: AsyncClient) -> None:
    for name in ("One", "Two"):
        await put(client, name=name)
        await post(client, "publish")
    back = (await post(client, "rollback", {"version": 1})).json()["data"]
    assert (back["version"], back["rolledBackTo"], back["note"]) == (3, 1, "rolled back to 1")

    versions = await read(client, f"{PATH}/versions")
    assert [one["version"] for one in versions] == [3, 2, 1]
    assert versions[0] == back
    assert versions[0]["digest"] == versions[2]["digest"]
    assert (await read(client, f"{PATH}/versions/3"))["definition"]["name"] == "One"
    detail = await read(client, f"{PATH}/versions/2")
    assert detail["definition"] == {**SHIPPED, **DEFAULTS, "name": "Two"}
    assert (await read(client))["name"] == "Two"
    page = (await client.get(f"{PATH}/versions?limit=2", headers=BACKEND)).json()
    rest = await read(client, f"{PATH}/versions", limit="2", cursor=page["meta"]["nextCursor"])
    assert [one["version"] for one in rest] == [1]


async def test_what_differs_is_told_by_step_when_two_are_compared(client: AsyncClient) -> None:
    await put(client)
    assert refused(await client.get(f"{PATH}/diff", headers=BACKEND), 409, "workflows.not_published") == []
    await post(client, "publish")
    quiet = {**INBOX, "template": {**INBOX["template"], "body": "On its way"}, "timeout": "1h"}
    await put(client, severity="high", steps=[{**MAIL, "escalate": None, "if": None}, quiet])
    found = await read(client, f"{PATH}/diff")

    assert found == {
        "from": {"version": 1},
        "to": {"version": None},
        "same": False,
        "fields": [{"path": "severity", "change": "changed", "from": "none", "to": "high"}],
        "steps": {
            "added": [],
            "removed": [{"key": "wait", "index": 1}],
            "changed": [
                {
                    "key": "inbox",
                    "fields": [
                        {"path": "template.body", "change": "changed", "from": "Shipped", "to": "On its way"},
                        {"path": "timeout", "change": "added", "to": "1h"},
                    ],
                },
                {
                    "key": "mail",
                    "fields": [
                        {"path": "if", "change": "changed", "from": MAIL["if"], "to": None},
                        {"path": "escalate", "change": "changed", "from": MAIL["escalate"], "to": None},
                    ],
                },
            ],
            "moved": [{"key": "inbox", "from": 0, "to": 1}],
        },
    }
    assert (await read(client, f"{PATH}/diff", **{"from": "1", "to": "published"}))["same"]
    missing = await client.get(f"{PATH}/diff?from=7", headers=BACKEND)
    assert refused(missing, 404, "workflows.version_not_found") == []
    wrong = await client.get(f"{PATH}/diff?from=live", headers=BACKEND)
    assert refused(wrong, 422, "request.invalid") == ["from"]


async def test_all_problems_are_told_at_once_when_a_definition_is_wrong(client: AsyncClient) -> None:
    body = {
        "name": "",
        "color": "red",
        "payloadSchema": {"type": "parrot"},
        "steps": [
            {**INBOX, "template": {"title": "{{ payload.id", "body": "x"}},
            {**MAIL, "template": {"subjekt": "x"}, "escalate": {"step": "later", "ifNot": "opened", "after": "soon"}},
            {"key": "group", "type": "digest", "digest": {"cron": "0 9 * * 1"}},
            {"key": "group", "type": "delay", "delay": {"for": "400d"}},
        ],
    }
    answer = await client.put(PATH, json=body, headers=BACKEND)
    assert set(refused(answer, 422, "workflows.invalid")) == {
        "name", "color", "payloadSchema.type", "steps[0].template.title", "steps[1].template.subject",
        "steps[1].template.subjekt", "steps[1].template.html", "steps[1].escalate.step", "steps[1].escalate.ifNot",
        "steps[1].escalate.after", "steps[2].digest.timezone", "steps[3].key", "steps[3].delay.for",
    }  # fmt: skip
    assert refused(await client.put(f"{WORKFLOWS}/No", json=SHIPPED, headers=BACKEND), 422, "workflows.invalid") == [
        "key"
    ]
    assert (await client.get(PATH, headers=BACKEND)).status_code == 404


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"[]", 422, "request.invalid"),
        (b"{", 400, "request.malformed"),
        (b'{"name":"\\u0000"}', 422, "request.invalid"),
        (b'{"name":"x","steps":' + b"[" * 100_000, 400, "request.malformed"),
        (b'{"name":"x","payloadSchema":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}", 422, "workflows.invalid"),
        (b'{"name":"x","description":"' + b"x" * 600_000 + b'"}', 422, "workflows.invalid"),
        (b'{"name":"x","steps":[],"revision":99999999999999999999}', 422, "workflows.invalid"),
        (b"null", 422, "request.invalid"),
        (b"", 400, "request.malformed"),
    ],
)
async def test_nothing_breaks_when_a_body_is_strange(client: AsyncClient, raw: bytes, status: int, code: str) -> None:
    headers = {**BACKEND, "content-type": "application/json"}
    refused(await client.put(PATH, content=raw, headers=headers), status, code)
    assert (await client.get(PATH, headers=BACKEND)).status_code == 404


async def test_an_edit_is_refused_when_somebody_was_faster(client: AsyncClient) -> None:
    await put(client, revision=0)
    assert (await put(client, name="Theirs", revision=1)).json()["data"]["revision"] == 2
    assert refused(await put(client, name="Ours", revision=1), 409, "workflows.edit_conflict") == []
    stale = await client.patch(PATH, json={"name": "Ours", "revision": 1}, headers=BACKEND)
    assert refused(stale, 409, "workflows.edit_conflict") == []
    assert (await read(client))["name"] == "Theirs"


async def test_its_key_is_free_when_it_is_deleted(client: AsyncClient, carillon: Carillon) -> None:
    await put(client)
    await post(client, "publish")
    gone = await client.delete(PATH, headers=BACKEND)
    assert (gone.status_code, gone.content) == (204, b"")
    for path in (PATH, f"{PATH}/versions", f"{PATH}/versions/1", f"{PATH}/diff"):
        assert refused(await client.get(path, headers=BACKEND), 404, "workflows.not_found") == []
    assert refused(await client.delete(PATH, headers=BACKEND), 404, "workflows.not_found") == []

    assert (await put(client, name="Anew")).status_code == 201
    assert (await post(client, "publish")).json()["data"]["version"] == 2
    versions = carillon.container.workflow_versions()
    old = await versions.of("default", "order-shipped", 1)
    assert old is not None
    assert old.definition().name == "Order shipped"
    assert [one["version"] for one in await read(client, f"{PATH}/versions")] == [2]


async def test_lists_are_filtered_and_paged_when_there_are_several(client: AsyncClient) -> None:
    for number in range(3):
        await put(client, f"{WORKFLOWS}/order-{number}", tags=[f"t{number}"])
    await put(client, f"{WORKFLOWS}/invoice")
    await client.patch(f"{WORKFLOWS}/order-1", json={"active": False}, headers=BACKEND)

    async def keys(**query: str) -> list[str]:
        return [one["key"] for one in await read(client, WORKFLOWS, **query)]

    assert await keys() == ["invoice", "order-2", "order-1", "order-0"]
    assert await keys(search="order-") == ["order-2", "order-1", "order-0"]
    assert await keys(tag="t0,t2") == ["order-2", "order-0"]
    assert await keys(active="false") == ["order-1"]
    assert await keys(active="true", search="order", tag="t1,t2") == ["order-2"]
    page = (await client.get(f"{WORKFLOWS}?limit=3", headers=BACKEND)).json()
    assert await keys(cursor=page["meta"]["nextCursor"]) == ["order-0"]
    [summary] = await read(client, WORKFLOWS, search="invoice")
    assert summary["steps"] == [
        {"key": "inbox", "type": "in_app"}, {"key": "wait", "type": "delay"}, {"key": "mail", "type": "email"}
    ]  # fmt: skip
    assert "payloadSchema" not in summary
    assert (await client.get(f"{WORKFLOWS}?colour=red", headers=BACKEND)).status_code == 400
    for name in ("search", "tag"):
        refused(await client.get(f"{WORKFLOWS}?{name}=a%00b", headers=BACKEND), 422, "request.invalid")
        strange = await client.get(f"{WORKFLOWS}?{name}=a%1fb", headers=BACKEND)
        assert len(refused(strange, 422, "request.invalid")) == 1


async def test_a_version_is_not_found_when_its_number_is_none(client: AsyncClient) -> None:
    await put(client)
    await post(client, "publish")
    for number in ("2", "999999999"):
        answer = await client.get(f"{PATH}/versions/{number}", headers=BACKEND)
        assert refused(answer, 404, "workflows.version_not_found") == []
    for number in ("0", "-1", "1000000000", "9" * 40):
        assert (await client.get(f"{PATH}/versions/{number}", headers=BACKEND)).status_code in (404, 422)
    assert (await client.get(f"{PATH}/versions/one", headers=BACKEND)).status_code == 404
    assert refused(await post(client, "rollback", {"version": 9}), 404, "workflows.version_not_found") == []
    for body in ({"version": 0}, {"version": "1"}, {"version": 10**12}, {}, {"version": 1, "note": "x"}):
        refused(await post(client, "rollback", body), 422, "request.invalid")


async def test_s06_another_tenant_finds_nothing_when_it_tries_every_route(
    client: AsyncClient, carillon: Carillon
) -> None:
    await carillon.add_tenant("neighbour", "B" * 30)
    await put(client)
    await post(client, "publish")
    before = await read(client)
    tries: list[tuple[str, str, Json | None]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "Eve"}),
        ("DELETE", "", None),
        ("POST", "/publish", None),
        ("POST", "/rollback", {"version": 1}),
        ("GET", "/versions", None),
        ("GET", "/versions/1", None),
        ("GET", "/diff", None),
    ]
    for method, tail, body in tries:
        content, headers = (None, {}) if body is None else (encode(body), {"content-type": "application/json"})
        answer = await client.request(method, PATH + tail, headers={**OTHER_TENANT, **headers}, content=content)
        assert refused(answer, 404, "workflows.not_found") == [], (method, tail)
    assert (await client.get(WORKFLOWS, headers=OTHER_TENANT)).json()["data"] == []

    theirs = await client.put(PATH, json={**SHIPPED, "name": "Theirs"}, headers=OTHER_TENANT)
    assert theirs.status_code == 201
    assert await read(client) == before


async def test_s06_a_key_may_do_what_its_scopes_say_when_it_has_one_of_them(
    client: AsyncClient, carillon: Carillon
) -> None:
    await put(client)
    container = carillon.container
    reader, writer = compose("R" * 30), compose("W" * 30)
    async with container.unit_of_work() as uow:
        for key, scope in ((reader, Scope.WORKFLOWS_READ), (writer, Scope.WORKFLOWS_WRITE)):
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
    reading, writing = ({"Authorization": f"ApiKey {key.text}"} for key in (reader, writer))

    assert (await client.get(PATH, headers=reading)).status_code == 200
    assert refused(await client.get(PATH, headers=writing), 403, "auth.insufficient_scope") == []
    assert (await client.patch(PATH, json={"name": "x"}, headers=writing)).status_code == 200
    denied = await client.post(f"{PATH}/publish", headers=reading)
    assert refused(denied, 403, "auth.insufficient_scope") == []
