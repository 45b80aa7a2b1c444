"""Workflows, from the request to the mail and the inbox."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import httpx

from tests.e2e.processes import Installation, eventually
from tests.integration.channels.smtp_sink import SmtpSink, smtp_sink

EXAMPLES = Path(__file__).parents[1] / "examples" / "workflows"
API = "/api/v1"
Json = dict[str, Any]  # Any: JSON
PAYLOAD = {"order": 42, "tracking": "https://track.example/42", "items": ["Tea", "Cups & saucers"]}
ANN = {"subscriberId": "ann", "email": "ann@example.com", "firstName": "Ann", "locale": "en"}
DIRK = {"subscriberId": "dirk", "email": "dirk@example.com", "firstName": "Dirk", "locale": "de-AT"}


def example(name: str) -> Json:
    """A workflow that is shipped as an example."""
    return cast("Json", json.loads((EXAMPLES / f"{name}.json").read_text("utf-8")))


@dataclass(slots=True)
class Backend:
    """What a backend does."""

    client: httpx.AsyncClient
    mail: SmtpSink

    async def publish(self, key: str, definition: Json) -> None:
        written = await self.client.put(f"{API}/workflows/{key}", json=definition)
        assert written.status_code == 201, written.text
        assert (await self.client.post(f"{API}/workflows/{key}/publish")).status_code == 200

    async def trigger(self, key: str, *to: Json, **fields: Any) -> Json:
        """Any: fields of the request."""
        body = {"to": list(to), "workflow": key, "payload": PAYLOAD, **fields}
        answer = await self.client.post(f"{API}/notifications", json=body)
        assert answer.status_code == 202, answer.text
        return cast("Json", answer.json()["data"])

    async def read(self, path: str, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return (await self.client.get(f"{API}{path}", headers=headers)).json()["data"]

    async def token(self, subscriber: str) -> str:
        answer = await self.client.post(f"{API}/subscribers/{subscriber}/tokens")
        return str(answer.json()["data"]["token"])

    async def over(self, notification_id: str) -> Json:
        """The notification, once it is over."""
        found = await eventually(
            lambda: self.read(f"/notifications/{notification_id}"), until=lambda each: each["finishedAt"] is not None
        )
        return cast("Json", found)

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each, policy=default) for each in self.mail.mails]


@asynccontextmanager
async def backend(folder: Path) -> AsyncIterator[Backend]:
    async with smtp_sink() as sink:
        settings = {"MAIL_DRIVER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(sink.port)}
        async with Installation(folder, settings) as installation:
            process = await installation.start()
            key = {"Authorization": f"ApiKey {installation.api_key}"}
            async with httpx.AsyncClient(base_url=process.base_url, headers=key) as client:
                yield Backend(client, sink)


async def test_order_shipped_is_in_the_inbox_at_once_and_mailed_to_whoever_has_not_seen_it(tmp_path: Path) -> None:
    shipped = example("order-shipped")
    shipped["steps"][1]["escalate"]["after"] = "2s"
    async with backend(tmp_path) as ours:
        await ours.publish("order-shipped", shipped)
        sent = await ours.trigger("order-shipped", ANN, DIRK)
        ann, dirk = await ours.token("ann"), await ours.token("dirk")
        (for_ann,) = await eventually(lambda: ours.read("/inbox", ann))
        (for_dirk,) = await eventually(lambda: ours.read("/inbox", dirk))
        seen = await ours.client.post(f"{API}/inbox/{for_ann['id']}/seen", headers={"Authorization": f"Bearer {ann}"})
        notification = await ours.over(sent["id"])
        deliveries = await ours.read(f"/notifications/{sent['id']}/deliveries")
        (mail,) = ours.mails()

    assert (seen.status_code, sent["status"], sent["recipients"]) == (200, "accepted", 2)
    assert (for_ann["title"], for_ann["workflow"], for_ann["tags"]) == (
        "Order 42 is on its way", "order-shipped", ["orders"],
    )  # fmt: skip
    assert (for_dirk["title"], for_dirk["body"]) == ("Bestellung 42 ist unterwegs", "2 parcels")
    assert for_dirk["actions"] == [
        {"id": "track", "label": "Track it", "url": "https://track.example/42", "state": "open"}
    ]
    assert (mail["To"], mail["Subject"]) == ("Dirk <dirk@example.com>", "Bestellung 42 ist unterwegs")
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "Hallo Dirk" in html.get_content()
    assert "Cups &amp; saucers" in html.get_content()
    assert "Cups & saucers" in text.get_content()
    assert (notification["status"], notification["content"], notification["workflow"]) == (
        "completed", None, "order-shipped",
    )  # fmt: skip
    assert (notification["counts"]["sent"], notification["counts"]["pending"]) == (3, 0)
    assert sorted((each["subscriberId"], each["step"], each["status"]) for each in deliveries) == [
        ("ann", "inbox", "sent"), ("dirk", "inbox", "sent"), ("dirk", "mail", "sent"),
    ]  # fmt: skip


async def test_password_reset_goes_on_to_sms_when_there_is_no_mail_address(tmp_path: Path) -> None:
    reset = example("password-reset")
    phone = {"subscriberId": "bob", "phone": "+4915112345678"}
    async with backend(tmp_path) as ours:
        await ours.publish("password-reset", reset)
        sent = await ours.trigger("password-reset", ANN, phone, payload={"code": "123456"})
        notification = await ours.over(sent["id"])
        deliveries = await ours.read(f"/notifications/{sent['id']}/deliveries")
        (mail,) = ours.mails()

    assert notification["severity"] == "high"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "123456" in text.get_content()
    assert sorted((each["subscriberId"], each["channel"], each["status"], each["reason"]) for each in deliveries) == [
        ("ann", "email", "sent", None),
        ("bob", "email", "suppressed", "no_contact_point"),
        ("bob", "sms", "sent", None),
    ]


async def test_a_request_is_refused_when_its_workflow_or_payload_is_wrong(tmp_path: Path) -> None:
    async with backend(tmp_path) as ours:
        body: Json = {"to": ["ann"], "workflow": "order-shipped", "payload": PAYLOAD}
        unknown = await ours.client.post(f"{API}/notifications", json=body)
        await ours.client.put(f"{API}/workflows/order-shipped", json=example("order-shipped"))
        draft = await ours.client.post(f"{API}/notifications", json=body)
        await ours.client.post(f"{API}/workflows/order-shipped/publish")
        wrong = await ours.client.post(
            f"{API}/notifications", json={**body, "payload": {"order": "42"}, "content": {"title": "x"}}
        )
        first = await ours.client.post(f"{API}/notifications", json={**body, "transactionId": "t-1"})
        await ours.client.patch(f"{API}/workflows/order-shipped", json={"active": False})
        off = await ours.client.post(f"{API}/notifications", json=body)
        repeat = await ours.client.post(f"{API}/notifications", json={**body, "transactionId": "t-1"})
        bulk = await ours.client.post(
            f"{API}/notifications/bulk", json={"notifications": [body, {"to": ["ann"], "content": {"title": "x"}}]}
        )

    paths = [sorted(each["path"] for each in answer.json()["errors"]) for answer in (unknown, draft, wrong, off)]
    assert {answer.status_code for answer in (unknown, draft, wrong, off)} == {422}
    assert paths == [["workflow"], ["workflow"], ["content", "payload.order", "payload.tracking"], ["workflow"]]
    assert (first.status_code, repeat.status_code) == (202, 202)
    assert repeat.json()["data"]["id"] == first.json()["data"]["id"]
    assert [each["statusCode"] for each in bulk.json()["data"]] == [422, 202]


async def test_what_waits_is_cancelled_with_its_notification(tmp_path: Path) -> None:
    async with backend(tmp_path) as ours:
        await ours.publish("order-shipped", example("order-shipped"))
        sent = await ours.trigger("order-shipped", ANN, DIRK)
        ann = await ours.token("ann")
        await eventually(lambda: ours.read("/inbox", ann))
        cancelled = await ours.client.delete(f"{API}/notifications/{sent['id']}")
        notification = await ours.over(sent["id"])
        await asyncio.sleep(0.2)

    assert cancelled.status_code == 202
    assert (notification["counts"]["cancelled"], notification["counts"]["pending"]) == (2, 0)
    assert ours.mails() == []
