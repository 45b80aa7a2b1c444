"""Every provider under the one contract."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from uuid import UUID

import pytest

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.email.file import EmlFileProvider
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.smtp import SmtpProvider
from infrastructure.channels.email.smtp_sessions import ConnectionLimits
from infrastructure.channels.webhook.standard import StandardWebhookProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.config.mail import SmtpSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.observability.memory_log import MemoryLog
from tests.contracts.channel_provider_contract import DEADLINE, CannotBeStaged, ChannelProviderContract, Rig
from tests.integration.channels.http_sink import HttpSink, answer, hang, http_sink, reset
from tests.integration.channels.smtp_sink import DROP, HANG, SmtpSink, smtp_sink

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def composer() -> EmailComposer:
    return EmailComposer("Carillon <no-reply@carillon.example>", FixedClock(NOON))


class OnlyAccepts(Rig):
    """For counterparts that cannot say no."""

    secret = "nothing-to-know"

    def refuse_recipient(self) -> None:
        raise CannotBeStaged("it takes everything")

    fail_for_now = throttle = hang = vanish_after_reading = refuse_recipient

    async def hanging(self) -> None:
        raise CannotBeStaged("it takes everything")


class RecordingRig(OnlyAccepts):
    channel = Channel.EMAIL

    def __init__(self) -> None:
        self.address: dict[str, str] = {}
        self._next: list[SendReport] = []
        self._hangs = False
        self._recording = RecordingChannel(Channel.EMAIL, providers={"under-test": self._answer})
        (self.provider,) = self._recording.providers

    async def _answer(self, _message: OutboundMessage) -> SendReport:
        if self._hangs:
            self._hangs = False
            await asyncio.Event().wait()
        return self._next.pop() if self._next else SendReport(outcome=AttemptOutcome.OK)

    def effects(self) -> Sequence[UUID]:
        return [message.delivery_id for message in self._recording.accepted]

    def refuse_recipient(self) -> None:
        self._next = [SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="recording.refused")]

    def fail_for_now(self) -> None:
        self._next = [SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="recording.unavailable")]

    def throttle(self) -> None:
        self._next = [SendReport(outcome=AttemptOutcome.THROTTLED, error_code="recording.throttled")]

    def vanish_after_reading(self) -> None:
        self._next = [SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code="recording.timeout")]

    def hang(self) -> None:
        raise CannotBeStaged("a script that hangs is the test's own wish")


class TestRecordingProvider(ChannelProviderContract):
    @pytest.fixture
    def rig(self) -> Rig:
        return RecordingRig()


class ConsoleRig(OnlyAccepts):
    channel = Channel.SMS

    def __init__(self) -> None:
        self.address: dict[str, str] = {}
        self.lines: list[str] = []
        self.provider: ChannelProvider = ConsoleProvider("under-test", write=self.lines.append)

    def effects(self) -> Sequence[UUID]:
        return [UUID(json.loads(line)["deliveryId"]) for line in self.lines]


class TestConsoleProvider(ChannelProviderContract):
    @pytest.fixture
    def rig(self) -> Rig:
        return ConsoleRig()


class EmlFileRig(OnlyAccepts):
    channel = Channel.EMAIL

    def __init__(self, directory: Path) -> None:
        self.address = {"email": "ada@example.com", "name": "Ada"}
        self._directory = directory
        self.provider: ChannelProvider = EmlFileProvider("under-test", directory, composer())

    def effects(self) -> Sequence[UUID]:
        return [UUID(path.stem) for path in sorted(self._directory.glob("*"))]

    def fail_for_now(self) -> None:
        raise CannotBeStaged("see the tests of full and read-only directories")


class TestEmlFileProvider(ChannelProviderContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return EmlFileRig(tmp_path / "mails")


class SmtpRig(Rig):
    channel = Channel.EMAIL
    secret = "hunter2-relay"

    def __init__(self, sink: SmtpSink) -> None:
        self.address = {"email": "ada@example.com", "name": "Ada"}
        self._sink = sink
        settings = SmtpSettings(
            host="127.0.0.1",
            port=sink.port,
            user="relay",
            password=self.secret,
            tls="none",
            timeout=DEADLINE,
        )
        self.smtp = SmtpProvider("under-test", settings, composer(), limits=ConnectionLimits(max_connections=5))
        self.provider: ChannelProvider = self.smtp

    def effects(self) -> Sequence[UUID]:
        ids = (message_from_bytes(mail)["Message-ID"] for mail in self._sink.mails)
        return [UUID(each.strip("<>").partition("@")[0]) for each in ids]

    def refuse_recipient(self) -> None:
        self._sink.script("RCPT", f"550 5.1.1 no such user, {self.secret}")

    def fail_for_now(self) -> None:
        self._sink.script("RCPT", "451 try again")

    def throttle(self) -> None:
        self._sink.script("RCPT", "450 4.7.1 too many messages")

    def hang(self) -> None:
        self._sink.script("RCPT", HANG)

    async def hanging(self) -> None:
        await self._sink.hanging.wait()

    def vanish_after_reading(self) -> None:
        self._sink.script("DATA", DROP)


class TestSmtpProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        async with smtp_sink(password=SmtpRig.secret) as sink:
            rig = SmtpRig(sink)
            yield rig
            await rig.smtp.stop()


class WebhookRig(Rig):
    channel = Channel.WEBHOOK
    secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.address = {"url": sink.url(), "secret": self.secret}
        self._sink = sink
        self.provider: ChannelProvider = StandardWebhookProvider(
            "under-test", client, FixedClock(NOON), timeout=DEADLINE
        )

    def effects(self) -> Sequence[UUID]:
        return [UUID(request.headers["webhook-id"]) for request in self._sink.requests[self._refused :]]

    _refused = 0

    def refuse_recipient(self) -> None:
        self._refused = 1
        self._sink.replies.append(answer(400, f"bad secret {self.secret}".encode()))

    def fail_for_now(self) -> None:
        self._sink.replies.append(answer(503, b"maintenance\x00"))

    def throttle(self) -> None:
        self._sink.replies.append(answer(429, b"slower", retry_after="7"))

    def hang(self) -> None:
        self._sink.replies.append(hang)

    async def hanging(self) -> None:
        await self._sink.asked.wait()

    def vanish_after_reading(self) -> None:
        self._sink.replies.append(reset)


class TestStandardWebhookProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
        async with http_sink() as sink:
            yield WebhookRig(sink, client)
            await client.stop()
