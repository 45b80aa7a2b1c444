"""What a developer sees of a message that goes to the console."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.bootstrap.container import build_container
from application.ports.notification_channel import ChannelProvider, OutboundMessage
from domain.notifications.channel import Channel
from infrastructure.channels.console import ConsoleProvider
from infrastructure.config.loader import load_settings
from infrastructure.observability.sensitive_text import redact_text

ROOT = Path(__file__).parents[3]
PHONE, EMAIL = "+491701234567", "ann.bee@example.com"
# Any: fields of a message, whatever their types
TEXTS: dict[str, Any] = {"title": "Your code", "body": "It is 4711, Ann"}


def message(address: Mapping[str, str]) -> OutboundMessage:
    return OutboundMessage(
        delivery_id=UUID(int=1),
        notification_id=UUID(int=2),
        tenant_id="default",
        subscriber_id="ann",
        channel=Channel.SMS,
        address=address,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        **TEXTS,
    )


async def line_of(provider: ChannelProvider, address: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    await provider.send(message(address))
    return capsys.readouterr().err


async def test_texts_stay_and_contact_points_are_masked_when_a_message_is_shown() -> None:
    lines: list[str] = []
    console = ConsoleProvider(mask=redact_text, write=lines.append)
    await console.send(message({"phone": PHONE, "email": EMAIL, "token": "t0k3n", "webhookUrl": "https://x/y"}))

    shown = json.loads(lines[0])
    assert {name: shown[name] for name in TEXTS} == TEXTS
    assert shown["address"] == {"phone": "+49***67", "email": "a***@example.com"}
    assert not [secret for secret in (PHONE, EMAIL, "t0k3n", "https://x/y") if secret in lines[0]]


async def test_nothing_of_a_contact_point_is_shown_when_nobody_says_how_to_mask() -> None:
    lines: list[str] = []
    await ConsoleProvider(write=lines.append).send(message({"phone": PHONE}))

    assert json.loads(lines[0])["address"] == {"phone": "***"}


async def test_every_console_masks_when_the_container_makes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"APP_ENV": "test", "DATA_DIR": str(tmp_path), "MAIL_DRIVER": "console"}
    container = build_container(load_settings(environ, ROOT))

    for provider in (container.console_provider(), *container.email_providers().providers):
        line = await line_of(provider, {"phone": PHONE, "email": EMAIL}, capsys)
        assert json.loads(line)["address"] == {"phone": "+49***67", "email": "a***@example.com"}
