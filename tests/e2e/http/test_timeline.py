"""The timeline of a notification, as an operator reads it."""

from pathlib import Path
from typing import Any, cast

from httpx import AsyncClient

from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, THEIRS, Carillon
from tests.e2e.processes import Installation, eventually
from tests.integration.channels.smtp_sink import smtp_sink

API = "/api/v1"
Json = dict[str, Any]  # Any: JSON


async def read(client: AsyncClient, path: str, **query: str) -> list[Json]:
    answer = await client.get(f"{API}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return cast("list[Json]", answer.json()["data"])


def relays(**ports: int) -> dict[str, str]:
    settings = {"NOTIFY_EMAIL_PROVIDERS": ",".join(f"smtp-{name}" for name in ports)}
    for name, port in ports.items():
        prefix = f"PROVIDER__SMTP_{name.upper()}__"
        settings |= {f"{prefix}DRIVER": "smtp", f"{prefix}HOST": "127.0.0.1", f"{prefix}PORT": str(port)}
    return settings


async def test_each_answer_and_what_followed_is_told_when_one_relay_is_away(tmp_path: Path) -> None:
    async with smtp_sink() as away, smtp_sink() as working:
        away.script("RCPT", "421 4.3.2 try later")
        async with Installation(tmp_path, relays(a=away.port, b=working.port)) as installation:
            process = await installation.start()
            key = {"Authorization": f"ApiKey {installation.api_key}"}
            async with AsyncClient(base_url=process.base_url, headers=key) as client:
                body = {
                    "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
                    "channels": ["email", "in_app", "sms"],
                    "content": {"title": "Shipped"},
                }
                sent = await client.post(f"{API}/notifications", json=body)
                path = f"/notifications/{sent.json()['data']['id']}"
                token = (await client.post(f"{API}/subscribers/ann/tokens")).json()["data"]["token"]
                bearer = {"Authorization": f"Bearer {token}"}
                items = await client.get(f"{API}/inbox", headers=bearer)
                await client.post(f"{API}/inbox/{items.json()['data'][0]['id']}/read", headers=bearer)
                await eventually(
                    lambda: read(client, f"{path}/deliveries", status="sent"), until=lambda found: len(found) == 2
                )
                entries = await read(client, f"{path}/timeline", limit="100")
                alone = await read(client, f"{path}/timeline", subscriber="ann", limit="100")
                first = await client.get(f"{API}{path}/timeline?limit=4")
                rest = await read(client, f"{path}/timeline", cursor=first.json()["meta"]["nextCursor"], limit="100")

    assert alone == entries == [*first.json()["data"], *rest]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    told = {(entry["kind"], entry["channel"], entry["text"]) for entry in entries}
    assert told == {
        ("notification.accepted", None, "accepted for 1 recipient: email, in_app, sms"),
        ("delivery.created", "email", "email delivery"),
        ("delivery.created", "in_app", "in_app delivery"),
        ("delivery.created", "sms", "sms delivery"),
        ("delivery.suppressed", "sms", "suppressed: the subscriber has no address for it"),
        ("delivery.sent", "in_app", "in the inbox"),
        ("attempt", "email", "smtp-a could not take it: 421 4.3.2 try later; trying the next provider"),
        ("attempt", "email", "smtp-b took it: 250 queued as A1"),
        ("delivery.sent", "email", "sent"),
        ("item.seen", "in_app", "seen in the inbox"),
        ("item.read", "in_app", "read in the inbox"),
    }
    answers = [entry["detail"]["providerAnswer"] for entry in entries if entry["kind"] == "attempt"]
    assert answers == ["421 4.3.2 try later", "250 queued as A1"]
    assert {entry["subscriberId"] for entry in entries[1:]} == {"ann"}


async def test_it_is_refused_when_it_is_anothers_or_wrongly_asked_for(carillon: Carillon, client: AsyncClient) -> None:
    await carillon.add_tenant("other", THEIRS.text[4:34])
    body = {"to": ["ann", "bob"], "content": {"title": "Shipped"}}
    sent = (await client.post(f"{API}/notifications", json=body, headers=BACKEND)).json()["data"]["id"]
    path = f"{API}/notifications/{sent}/timeline"

    theirs = await client.get(path, headers=OTHER_TENANT)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "notifications.not_found")
    of_all = (await client.get(f"{path}?limit=1", headers=BACKEND)).json()["meta"]["nextCursor"]
    for query, status in (
        ("cursor=x", 400),
        (f"subscriber=ann&cursor={of_all}", 400),
        ("kind=x", 400),
        ("limit=0", 422),
    ):
        assert (await client.get(f"{path}?{query}", headers=BACKEND)).status_code == status
    assert (await client.get(path)).status_code == 401
