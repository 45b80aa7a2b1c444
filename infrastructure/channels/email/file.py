"""Mail as `.eml` files, for development and tests."""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.email.composing import composed_or_report
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer


class EmlFileProvider(ChannelProvider):
    """Writes `<directory>/<delivery id>.eml`, whole or not at all; a repeat of a delivery replaces its file."""

    def __init__(self, name: str, directory: Path, composer: EmailComposer) -> None:
        self._name = name
        self._directory = directory
        self._composer = composer

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        mail = composed_or_report(self._composer, message)
        if isinstance(mail, SendReport):
            return mail
        try:
            await asyncio.to_thread(self._write, f"{message.delivery_id}.eml", mail)
        except OSError as error:
            return SendReport(
                outcome=AttemptOutcome.RETRYABLE, error_code="file.write_failed", detail=os.strerror(error.errno or 0)
            )
        return SendReport(outcome=AttemptOutcome.OK)

    def _write(self, file_name: str, mail: ComposedEmail) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._directory, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(mail.content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._directory / file_name)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        _sync_directory(self._directory)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
