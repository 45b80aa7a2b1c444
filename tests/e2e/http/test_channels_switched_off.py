"""Channels that are switched off: by the operator, or because nothing in production can deliver to them."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.http.conftest import BACKEND, Carillon, start

ADA = {
    "email": "ada@example.com",
    "phone": "+491701234567",
    "channels": {
        "webhook": {"url": "https://hooks.example.com/ada"},
        "push": {"tokens": ["t1"]},
        "slack": {"webhookUrl": "https://hooks.slack.com/services/T/B/x"},
    },
}
EVERY = ["in_app", "email", "webhook", "sms", "push", "chat"]
OFF = ("suppressed", "channel_disabled")
SENT, WAITING = ("sent", None), ("pending", None)
LIVE = {"in_app": SENT, "email": WAITING, "webhook": WAITING}
CONSOLE = ("sms", "push", "chat")
PRODUCTION = {
    "APP_ENV": "production",
    "MAIL_DRIVER": "smtp",
    "SMTP_HOST": "smtp.example.com",
    "MAIL_FROM": "news@example.com",
    "ADMIN_PASSWORD": "correct horse battery staple",
}
CASES: dict[str, tuple[dict[str, str], dict[str, tuple[str, str | None]]]] = {
    "everything is off": ({"NOTIFICATIONS_ENABLED": "false"}, dict.fromkeys(EVERY, OFF)),
    "e-mail is off": ({"NOTIFY_EMAIL_ENABLED": "false"}, {**LIVE, "email": OFF, **dict.fromkeys(CONSOLE, WAITING)}),
    "the inbox is off": (
        {"NOTIFY_IN_APP_ENABLED": "false"},
        {**LIVE, "in_app": OFF, **dict.fromkeys(CONSOLE, WAITING)},
    ),
    "nothing is off while developing": ({}, {**LIVE, **dict.fromkeys(CONSOLE, WAITING)}),
}


async def ends(carillon: Carillon) -> dict[str, tuple[str, str | None]]:
    """Status and reason by channel, of one notification over every channel."""
    async with carillon.client() as client:
        made = await client.put("/api/v1/subscribers/ada", json=ADA, headers=BACKEND)
        assert made.status_code == 201, made.text
        body = {"to": ["ada"], "channels": EVERY, "content": {"title": "Hello"}}
        sent = (await client.post("/api/v1/notifications", json=body, headers=BACKEND)).json()["data"]["id"]
        found = (await client.get(f"/api/v1/notifications/{sent}/deliveries", headers=BACKEND)).json()["data"]
        inbox = await _inbox_of_ada(client)
    by_channel = {each["channel"]: (each["status"], each["reason"]) for each in found}
    assert len(inbox) == int(by_channel["in_app"] == SENT)
    return by_channel


async def _inbox_of_ada(client: Any) -> list[Any]:
    token = (await client.post("/api/v1/subscribers/ada/tokens", headers=BACKEND)).json()["data"]["token"]
    items: list[Any] = (await client.get("/api/v1/inbox", headers={"Authorization": f"Bearer {token}"})).json()["data"]
    return items


@pytest.mark.parametrize("case", CASES)
async def test_deliveries_are_suppressed_when_their_channel_is_switched_off(case: str, tmp_path: Path) -> None:
    settings, expected = CASES[case]

    assert await ends(await start(tmp_path, APP_ENV="development", **settings)) == expected


async def test_channels_of_the_console_are_suppressed_when_in_production(tmp_path: Path) -> None:
    assert await ends(await start(tmp_path, **PRODUCTION)) == {**LIVE, **dict.fromkeys(CONSOLE, OFF)}
