"""One trace from the request of a backend to the mail, the webhook, the browser and the log."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest
from dependency_injector import providers

from app.bootstrap.container import build_container
from container import Container
from infrastructure.config.loader import load_settings
from infrastructure.observability.memory_log import MemoryLog
from tests.examples.serving import as_subscriber, serving
from tests.integration.channels.http_sink import http_sink
from tests.unit.worker.world import until

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
ASKED = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "x-request-id": "order-42"}


@pytest.fixture(params=["memory", "sqlite"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Container:
    database = {"sqlite": f"sqlite+aiosqlite:///{tmp_path / 'carillon.db'}", "memory": "memory://"}[request.param]
    environment = {
        "APP_ENV": "test",
        "AUTH_SECRET": "a secret of at least 32 characters",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database,
        "MAIL_DRIVER": "file",
        "EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
    }
    return build_container(load_settings(environment, tmp_path))


async def test_one_trace_is_followed_to_every_door_when_a_backend_sends(container: Container, tmp_path: Path) -> None:
    log = MemoryLog()
    with container.log.override(providers.Object(log)):
        async with serving(container) as client, http_sink() as sink:
            ann = {"subscriberId": "ann", "email": "ann@example.com"}
            headers = await as_subscriber(client, "ann")
            await client.patch("/api/v1/subscribers/ann", json={"channels": {"webhook": {"url": sink.url()}}})
            body = {"to": [ann], "channels": ["in_app", "email", "webhook"], "content": {"title": "Hello"}}
            async with client.stream("GET", "/sse/notifications", headers=headers) as stream:
                chunks = stream.aiter_text()
                start = re.findall(r"^id: (.+)$", await _read_until(chunks, "unread_count_changed"), re.MULTILINE)[-1]
                sent = await client.post("/api/v1/notifications", json=body, headers=ASKED)
                assert sent.status_code == 202
                text = await _read_until(chunks, "notification_received")
            async with client.stream(
                "GET", "/sse/notifications", headers={**headers, "Last-Event-ID": start}
            ) as stream:
                replayed = await _read_until(stream.aiter_text(), "notification_received")
            await until(lambda: len(log.lines("delivery.sent")) == 2, 20)

    frame = text[text.index("event: notification_received") :].split("\n")
    assert replayed[replayed.index("event: notification_received") :].split("\n")[:4] == frame[:4]
    assert frame[3] == f": trace {TRACE_ID}"
    assert TRACE_ID in sink.requests[0].headers["traceparent"]
    assert _only_mail(tmp_path)["X-Trace-ID"] == TRACE_ID
    ours = [line for line in log.lines() if line.trace_id == TRACE_ID]
    assert {line.fields["request_id"] for line in ours} == {"order-42"}
    (published,) = (line for line in ours if line.event == "stream.published")
    assert frame[1] == f"id: {published.fields['stream_position']}"
    of_workers = [line for line in ours if line.event.startswith(("delivery.", "http.call"))]
    assert sorted(line.event for line in of_workers if line.level == "info") == [
        *["delivery.attempt"] * 2,
        *["delivery.sent"] * 2,
        "http.call",
    ]
    assert {str(line.fields["actor"]).partition(":")[0] for line in of_workers} == {"api_key"}


def _only_mail(folder: Path) -> Message:
    (mail,) = folder.rglob("*.eml")
    return message_from_bytes(mail.read_bytes(), policy=default)


async def _read_until(chunks: AsyncIterator[str], wanted: str) -> str:
    text = ""
    async with asyncio.timeout(20):
        async for chunk in chunks:
            text += chunk
            if wanted in text and text.endswith("\n\n"):
                return text
    raise AssertionError(f"the stream ended before {wanted}")
