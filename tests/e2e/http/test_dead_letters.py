"""What came to nothing: listed, inspected, sent again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from httpx import AsyncClient, Response

from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, THEIRS, Carillon
from tests.e2e.processes import Installation, eventually
from tests.integration.channels.smtp_sink import SmtpSink, smtp_sink

API = "/api/v1"
REFUSED = "550 5.1.1 no such user"
Json = dict[str, Any]  # Any: JSON
UNKNOWN = "0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f"


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[tuple[AsyncClient, SmtpSink]]:
    """A whole installation, and the relay that it mails through."""
    async with smtp_sink() as sink:
        settings = {"MAIL_DRIVER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(sink.port)}
        async with Installation(folder, settings) as installation:
            process = await installation.start()
            key = {"Authorization": f"ApiKey {installation.api_key}"}
            async with AsyncClient(base_url=process.base_url, headers=key) as client:
                yield client, sink


async def mail(client: AsyncClient, *people: str, **fields: Any) -> str:
    """Any: fields of the request."""
    to = [{"subscriberId": name, "email": f"{name}@example.com"} for name in people]
    body = {"to": to, "channels": ["email"], "content": {"title": "Shipped"}, **fields}
    answer = await client.post(f"{API}/notifications", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"]["id"])


async def read(client: AsyncClient, path: str, **query: str) -> Any:
    answer = await client.get(f"{API}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def over(client: AsyncClient, notification_id: str, status: str) -> Json:
    """The notification, once that has become of it."""
    found = await eventually(
        lambda: read(client, f"/notifications/{notification_id}"), until=lambda each: each["status"] == status
    )
    return cast("Json", found)


async def test_failed_mail_is_found_and_sent_again_when_the_relay_takes_it(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (client, sink):
        sink.script("RCPT", REFUSED)
        notification_id = await mail(client, "ann")
        await over(client, notification_id, "failed")
        (failed,) = await read(client, "/deliveries", status="failed", channel="email", subscriber="ann")
        again = [
            await client.post(f"{API}/deliveries/{failed['id']}/redrive", headers={"Idempotency-Key": key})
            for key in ("one", "one", "two")
        ]
        notification = await over(client, notification_id, "partially_failed")
        new = await read(client, f"/deliveries/{again[0].json()['data']['id']}")
        refused = await client.post(f"{API}/deliveries/{new['id']}/redrive")

    assert [attempt["detail"] for attempt in failed["attempts"]] == [REFUSED]
    assert [answer.status_code for answer in again] == [202] * 3
    assert [answer.headers.get("idempotency-replayed") for answer in again] == [None, "true", None]
    assert len({answer.json()["data"]["id"] for answer in again}) == 1
    first = again[0].json()["data"]
    assert (first["status"], first["attempts"], first["generation"]) == ("pending", [], 1)
    assert (new["status"], new["replayOf"], len(new["attempts"])) == ("sent", failed["id"], 1)
    assert (notification["counts"]["sent"], notification["counts"]["failed"]) == (1, 1)
    assert len(sink.mails) == 1
    assert (refused.status_code, refused.json()["code"]) == (409, "deliveries.not_redrivable")


async def test_only_what_the_filter_finds_is_sent_again_when_redriven_by_filter(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (client, sink):
        sink.script("RCPT", *[REFUSED] * 4)
        both = await mail(client, "ann", "bob", "cid")
        await over(client, both, "failed")
        other = await mail(client, "dirk")
        await over(client, other, "failed")
        wanted = {"subscriber": ["ann", "bob", "nobody"], "channel": ["email"]}
        answer = await client.post(f"{API}/deliveries/redrive", json=wanted)
        found = await eventually(
            lambda: read(client, f"/notifications/{both}"), until=lambda each: each["counts"]["sent"] == 2
        )
        again = await client.post(f"{API}/deliveries/redrive", json=wanted)
        left = await read(client, f"/notifications/{other}")

    assert (answer.status_code, answer.json()["data"]) == (202, {"redriven": 2})
    assert (found["counts"]["failed"], found["status"]) == (3, "partially_failed")
    assert again.json()["data"] == {"redriven": 0}
    assert left["counts"]["pending"] == 0


async def test_one_new_delivery_is_made_when_several_redrive_at_once(carillon: Carillon, client: AsyncClient) -> None:
    body = {"to": ["ann"], "channels": ["email"], "content": {"title": "Shipped"}}
    sent = (await client.post(f"{API}/notifications", json=body, headers=BACKEND)).json()["data"]["id"]
    listed = await client.get(f"{API}/deliveries?status=suppressed", headers=BACKEND)
    (suppressed,) = listed.json()["data"]

    path = f"{API}/deliveries/{suppressed['id']}/redrive"
    answers = await asyncio.gather(*(client.post(path, headers=BACKEND) for _ in range(8)))
    notification = (await client.get(f"{API}/notifications/{sent}", headers=BACKEND)).json()["data"]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert (notification["counts"]["pending"], notification["counts"]["suppressed"]) == (1, 1)
    assert (notification["status"], notification["finishedAt"]) == ("processing", None)


async def test_it_is_not_found_when_it_is_unknown_or_another_tenants(carillon: Carillon, client: AsyncClient) -> None:
    await carillon.add_tenant("other", THEIRS.text[4:34])
    body = {"to": ["ann"], "channels": ["email"], "content": {"title": "Shipped"}}
    sent = (await client.post(f"{API}/notifications", json=body, headers=BACKEND)).json()["data"]["id"]
    listed = await client.get(f"{API}/deliveries?status=suppressed,failed", headers=BACKEND)
    (delivery,) = listed.json()["data"]
    theirs = await client.get(f"{API}/deliveries?status=suppressed", headers=OTHER_TENANT)

    assert (delivery["notificationId"], delivery["reason"]) == (sent, "no_contact_point")
    assert theirs.json()["data"] == []
    answers: list[Response] = []
    for path, headers in ((delivery["id"], OTHER_TENANT), (UNKNOWN, BACKEND)):
        answers.append(await client.get(f"{API}/deliveries/{path}", headers=headers))
        answers.append(await client.post(f"{API}/deliveries/{path}/redrive", headers=headers))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "deliveries.not_found")}


async def test_it_is_refused_when_the_question_is_wrong(client: AsyncClient) -> None:
    def status(answer: Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["code"]

    path = f"{API}/deliveries"
    assert status(await client.get(f"{path}?state=failed", headers=BACKEND)) == (400, "request.unknown_parameter")
    assert status(await client.get(f"{path}?status=dead", headers=BACKEND)) == (422, "request.invalid")
    assert status(await client.get(f"{path}?cursor=x", headers=BACKEND)) == (400, "request.invalid_cursor")
    wrong: list[Json] = [{"status": []}, {"status": ["dead"]}, {"everything": True}]
    for body in wrong:
        answer = await client.post(f"{path}/redrive", json=body, headers=BACKEND)
        assert status(answer) == (422, "request.invalid")
    assert status(await client.get(path)) == (401, "auth.missing_credential")
