"""What a workflow would say, over HTTP."""

from typing import Any

from httpx import AsyncClient

from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, Carillon
from tests.e2e.http.test_workflows import INBOX, MAIL, PATH, put

Json = dict[str, Any]  # Any: JSON
GREETING = {"key": "text", "type": "sms", "template": {"body": "{{ 'hello' | t: name: subscriber.firstName }}"}}
WORDS = {"en": {"hello": "Hello {{ name }}"}, "de": {"hello": "Hallo {{ name }}"}}


async def preview(client: AsyncClient, **body: Any) -> Json:
    answer = await client.post(f"{PATH}/preview", json=body, headers=BACKEND)
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


def said(data: Json) -> dict[str, Any]:
    return {step["key"]: step["fields"] for step in data["steps"]}


async def test_every_channel_is_shown_as_its_recipient_would_get_it(client: AsyncClient) -> None:
    await put(client, steps=[INBOX, {"key": "wait", "type": "delay", "delay": {"for": "1h"}}, MAIL])
    data = await preview(client, payload={"id": 42})

    fields = said(data)
    assert (data["problems"], fields["wait"]) == ([], None)
    assert (fields["inbox"]["title"], fields["mail"]["subject"]) == ("Order 42", "Shipped")
    assert "<html" in fields["mail"]["html"]


async def test_it_speaks_the_language_of_whoever_is_asked_for(client: AsyncClient) -> None:
    await put(client, steps=[GREETING], translations=WORDS)
    stored = {"firstName": "Bea", "locale": "de"}
    assert (await client.put("/api/v1/subscribers/bea", json=stored, headers=BACKEND)).status_code == 201

    made_up = said(await preview(client, payload={"id": 1}, to={"firstName": "Ada", "locale": "de-AT"}))
    known = said(await preview(client, payload={"id": 1}, to={"subscriberId": "bea"}))
    mixed = said(await preview(client, payload={"id": 1}, to={"subscriberId": "bea", "locale": "en"}))

    assert [each["text"]["body"] for each in (made_up, known, mixed)] == ["Hallo Ada", "Hallo Bea", "Hello Bea"]


async def test_what_is_wrong_with_payload_and_templates_is_told_and_not_refused(client: AsyncClient) -> None:
    broken = {"key": "text", "type": "sms", "template": {"body": "{{ payload.n | divided_by: 0 }}"}}
    left_out = {**INBOX, "if": {"==": [1, 2]}}
    await put(client, steps=[broken, left_out])
    data = await preview(client, payload={"n": 1})

    assert [problem["path"] for problem in data["problems"]] == ["payload.id"]
    text, inbox = data["steps"]
    assert text["problem"]["code"].startswith("template.")
    assert (text["fields"], text["problem"]["path"], inbox["skipped"]) == (None, "body", True)


async def test_the_draft_is_shown_unless_another_version_is_asked_for(client: AsyncClient) -> None:
    await put(client, steps=[GREETING], translations=WORDS)
    unpublished = await client.post(f"{PATH}/preview", json={"of": "published"}, headers=BACKEND)
    await client.post(f"{PATH}/publish", headers=BACKEND)
    await put(client, steps=[{**GREETING, "template": {"body": "New"}}])

    shown = {of: said(await preview(client, of=of, payload={"id": 1})) for of in ("draft", "published", "1")}
    missing = await client.post(f"{PATH}/preview", json={"of": "7"}, headers=BACKEND)

    assert {of: each["text"]["body"] for of, each in shown.items()} == {
        "draft": "New", "published": "Hello ", "1": "Hello ",
    }  # fmt: skip
    assert (unpublished.status_code, missing.status_code) == (409, 404)


async def test_nobody_elses_workflow_is_shown(client: AsyncClient, carillon: Carillon) -> None:
    await put(client)
    await carillon.add_tenant("other", "B" * 30)
    foreign = await client.post(f"{PATH}/preview", json={}, headers=OTHER_TENANT)
    nonsense = await client.post(f"{PATH}/preview", json={"of": "latest"}, headers=BACKEND)

    assert (foreign.status_code, nonsense.status_code) == (404, 422)
