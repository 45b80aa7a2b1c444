"""SMS providers under the one contract."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.channel import Channel
from infrastructure.channels.aws_client import AwsAccount
from infrastructure.channels.sms.http import HttpSmsProvider
from infrastructure.channels.sms.http_template import SmsGateway
from infrastructure.channels.sms.sns import SnsProvider
from infrastructure.channels.sms.twilio import TwilioAccount, TwilioProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.contracts.channel_provider_contract import DEADLINE, ChannelProviderContract, Rig
from tests.integration.channels import aws_server, twilio_server
from tests.integration.channels.aws_server import SnsServer
from tests.integration.channels.http_sink import HttpSink, answer, hang, http_sink, reset
from tests.integration.channels.twilio_server import TwilioServer

CLOCK = FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
_UUID_LENGTH = 36


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


class OverHttp(Rig):
    channel = Channel.SMS
    sink: HttpSink

    def __init__(self) -> None:
        self.address = {"phone": "+491701234567"}

    def hang(self) -> None:
        self.sink.replies.append(hang)

    async def hanging(self) -> None:
        await self.sink.asked.wait()

    def vanish_after_reading(self) -> None:
        self.sink.replies.append(reset)


class TwilioRig(OverHttp):
    secret = twilio_server.TOKEN

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        super().__init__()
        self.sink, self._server = sink, TwilioServer(sink)
        account = TwilioAccount(
            account_sid=twilio_server.ACCOUNT,
            auth_token=self.secret,
            sender=twilio_server.SENDER,
            status_callback="https://carillon.example/receipts",
        )
        self.provider: ChannelProvider = TwilioProvider(
            "under-test", account, client, CLOCK, timeout=DEADLINE, base_url=sink.url("")
        )

    def effects(self) -> Sequence[UUID]:
        return self._server.delivery_ids()

    def refuse_recipient(self) -> None:
        words = f"The 'To' number is not a valid phone number. {self.secret}"
        self._stage(twilio_server.refusal(400, 21211, words).body, 400)

    def fail_for_now(self) -> None:
        self._stage(b"<html>unavailable\x00</html>", 503)

    def throttle(self) -> None:
        self._stage(twilio_server.refusal(429, 20429, "Too Many Requests").body, 429)

    def _stage(self, body: bytes, status: int) -> None:
        self._server.stage(status, body)


class TestTwilioProvider(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return TwilioRig(sink, client)


class IdInText(ChannelProvider):
    """SNS takes no reference: what arrives is told apart by its text."""

    def __init__(self, inner: SnsProvider) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        return self._inner.name

    async def send(self, message: OutboundMessage) -> SendReport:
        return await self._inner.send(replace(message, body=f"{message.delivery_id} {message.body}"))


class SnsRig(OverHttp):
    secret = aws_server.SECRET

    def __init__(self, sink: HttpSink) -> None:
        super().__init__()
        self.sink, self._server = sink, SnsServer(sink)
        account = AwsAccount(
            region=aws_server.REGION,
            access_key_id=aws_server.KEY_ID,
            secret_access_key=self.secret,
            endpoint_url=sink.url(""),
        )
        self.sns = SnsProvider("under-test", account, timeout=DEADLINE)
        self.provider: ChannelProvider = IdInText(self.sns)

    def effects(self) -> Sequence[UUID]:
        return [UUID(fields["Message"][:_UUID_LENGTH]) for fields in self._server.accepted]

    def refuse_recipient(self) -> None:
        words = f"Invalid parameter: PhoneNumber Reason: +491 is not valid to publish to {self.secret}"
        self._server.stage_refusal(400, "InvalidParameter", words)

    def fail_for_now(self) -> None:
        self._server.stage_refusal(500, "InternalError", "try later")

    def throttle(self) -> None:
        self._server.stage_refusal(400, "Throttling", "Rate exceeded")


class TestSnsProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self, sink: HttpSink) -> AsyncIterator[Rig]:
        rig = SnsRig(sink)
        await rig.sns.start()
        yield rig
        await rig.sns.stop()


class GatewayRig(OverHttp):
    secret = "g4teway-token-of-the-tests"
    _refused = 0

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        super().__init__()
        self.sink = sink
        gateway = SmsGateway(
            url=sink.url("/sms"),
            headers={"authorization": f"Bearer {self.secret}"},
            body='{"to": "{to}", "message": "{text}", "reference": "{id}"}',
            recipient_statuses=(422,),
        )
        self.provider: ChannelProvider = HttpSmsProvider("under-test", gateway, client, CLOCK, timeout=DEADLINE)

    def effects(self) -> Sequence[UUID]:
        return [UUID(json.loads(request.body)["reference"]) for request in self.sink.requests[self._refused :]]

    def refuse_recipient(self) -> None:
        self._refused = 1
        self.sink.replies.append(answer(422, f"no such number, Bearer {self.secret}".encode()))

    def fail_for_now(self) -> None:
        self.sink.replies.append(answer(503, b"maintenance\x00"))

    def throttle(self) -> None:
        self.sink.replies.append(answer(429, b"slower", retry_after="7"))


class TestHttpSmsProvider(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return GatewayRig(sink, client)
