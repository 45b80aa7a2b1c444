"""A round over three real relays: one is away, one is busy, one takes the mail; and all of it is one trace."""

import re
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.processes import Installation, eventually
from tests.integration.channels.smtp_sink import SmtpSink, smtp_sink

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE_ID = TRACEPARENT.split("-")[1]


def relays(**sinks: SmtpSink) -> dict[str, str]:
    """The settings of a chain of relays, tried in this order."""
    settings = {"NOTIFY_EMAIL_PROVIDERS": ",".join(f"relay-{name}" for name in sinks), "LOG_FORMAT": "json"}
    for name, sink in sinks.items():
        prefix = f"PROVIDER__RELAY_{name.upper()}__"
        settings |= {f"{prefix}DRIVER": "smtp", f"{prefix}HOST": "127.0.0.1", f"{prefix}PORT": str(sink.port)}
    return settings


async def only_delivery(client: httpx.AsyncClient, notification_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/notifications/{notification_id}/deliveries")
    (delivery,) = answer.json()["data"]
    return dict(delivery)


async def test_third_relay_sends_in_one_round_and_one_trace_when_two_cannot(tmp_path: Path) -> None:
    async with smtp_sink() as away, smtp_sink() as busy, smtp_sink() as working:
        away.script("RCPT", "451 4.3.0 service not available")
        busy.script("RCPT", "450 4.7.1 too many messages, slow down")
        async with Installation(tmp_path, relays(a=away, b=busy, c=working)) as installation:
            process = await installation.start()
            key = {"Authorization": f"ApiKey {installation.api_key}", "traceparent": TRACEPARENT}
            async with httpx.AsyncClient(base_url=process.base_url, headers=key) as client:
                answer = await client.post(
                    "/api/v1/notifications",
                    json={
                        "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
                        "channels": ["email"],
                        "content": {"title": "Shipped"},
                    },
                )
                notification_id = answer.json()["data"]["id"]
                delivery = await eventually(
                    lambda: only_delivery(client, notification_id), until=lambda found: found["status"] == "sent"
                )
            # Its last lines are written when it ends.
            await process.stop()
            log = process.output

    tries = [(one["round"], one["provider"], one["outcome"]) for one in delivery["attempts"]]
    assert tries == [(1, "relay-a", "retryable"), (1, "relay-b", "throttled"), (1, "relay-c", "ok")]
    assert (len(away.mails), len(busy.mails), len(working.mails)) == (0, 0, 1)
    (sent,) = [line for line in log.splitlines() if '"delivery.sent"' in line]
    accepted = [line for line in log.splitlines() if '"http.request"' in line and '"POST"' in line]
    assert [re.search(r'"trace_id":\s*"(\w+)"', line)[1] for line in [*accepted, sent]] == [TRACE_ID] * 2  # type: ignore[index]
