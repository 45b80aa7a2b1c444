"""Mail as files on a real file system."""

import errno
import os
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

import pytest

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.email.file import EmlFileProvider
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.memory.fixed_clock import FixedClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPOSER = EmailComposer("Carillon <no-reply@carillon.example>", FixedClock(NOON))


def message() -> OutboundMessage:
    return OutboundMessage(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.EMAIL,
        address={"email": "ada@example.com"},
        title="Shipped",
        body="Your order is on its way",
        created_at=NOON,
    )


async def test_one_whole_file_is_named_after_the_delivery(tmp_path: Path) -> None:
    mail = message()
    report = await EmlFileProvider("file", tmp_path / "a" / "b", COMPOSER).send(mail)
    assert report.outcome is AttemptOutcome.OK
    (path,) = (tmp_path / "a" / "b").iterdir()
    assert path.name == f"{mail.delivery_id}.eml"
    assert message_from_bytes(path.read_bytes())["Subject"] == "Shipped"


async def test_is_retryable_when_the_directory_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("in the way")
    report = await EmlFileProvider("file", tmp_path / "mails", COMPOSER).send(message())
    assert (report.outcome, report.error_code) == (AttemptOutcome.RETRYABLE, "file.write_failed")
    assert str(tmp_path) not in repr(report)


async def test_leaves_nothing_behind_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    report = await EmlFileProvider("file", tmp_path, COMPOSER).send(message())
    assert (report.outcome, report.detail) == (AttemptOutcome.RETRYABLE, "No space left on device")
    assert os.listdir(tmp_path) == []  # noqa: PTH208 hidden files count
