"""E-mail providers of vendors under the one contract."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.ports.notification_channel import ChannelProvider
from domain.notifications.channel import Channel
from infrastructure.channels.aws_client import AwsAccount
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.sendgrid import SendGridAccount, SendGridProvider
from infrastructure.channels.email.ses import SesProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.contracts.channel_provider_contract import DEADLINE, ChannelProviderContract, Rig
from tests.integration.channels import aws_server, sendgrid_server
from tests.integration.channels.aws_server import SesServer
from tests.integration.channels.http_sink import hang, http_sink, reset
from tests.integration.channels.sendgrid_server import SendGridServer
from tests.integration.channels.vendor_server import VendorServer

CLOCK = FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
ADDRESS = {"email": "ada@example.com", "name": "Ada"}


def composer() -> EmailComposer:
    return EmailComposer("Carillon <no-reply@carillon.example>", CLOCK)


class OfVendor(Rig):
    """What is the same for all who are spoken to over HTTP."""

    channel = Channel.EMAIL
    address = ADDRESS
    server: VendorServer

    def hang(self) -> None:
        self.server.sink.replies.append(hang)

    async def hanging(self) -> None:
        await self.server.sink.asked.wait()

    def vanish_after_reading(self) -> None:
        self.server.sink.replies.append(reset)


class SendGridRig(OfVendor):
    secret = sendgrid_server.KEY

    def __init__(self, server: SendGridServer, client: Httpx2HttpClient) -> None:
        self.server: SendGridServer = server
        self.provider: ChannelProvider = SendGridProvider(
            "under-test",
            SendGridAccount(api_key=self.secret),
            client,
            composer(),
            CLOCK,
            timeout=DEADLINE,
            base_url=server.url,
        )

    def effects(self) -> Sequence[UUID]:
        return [UUID(mail["personalizations"][0]["custom_args"]["delivery_id"]) for mail in self.server.accepted]

    def refuse_recipient(self) -> None:
        words = f"Does not contain a valid address. {self.secret}"
        verdict = sendgrid_server.refusal(400, words, "personalizations.0.to.0.email")
        self.server.stage(verdict.status, verdict.body)

    def fail_for_now(self) -> None:
        self.server.stage(503, b"maintenance\x00")

    def throttle(self) -> None:
        self.server.stage(429, sendgrid_server.refusal(429, "too many requests").body, x_ratelimit_reset="1772366430")


class TestSendGridProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
        async with http_sink() as sink:
            yield SendGridRig(SendGridServer(sink), client)
            await client.stop()


class SesRig(OfVendor):
    secret = aws_server.SECRET

    def __init__(self, server: SesServer) -> None:
        self.server: SesServer = server
        account = AwsAccount(
            region=aws_server.REGION,
            access_key_id=aws_server.KEY_ID,
            secret_access_key=self.secret,
            endpoint_url=server.url,
        )
        self.ses = SesProvider("under-test", account, composer(), timeout=DEADLINE)
        self.provider: ChannelProvider = self.ses

    def effects(self) -> Sequence[UUID]:
        return [UUID(mail["EmailTags"][0]["Value"]) for mail in self.server.accepted]

    def refuse_recipient(self) -> None:
        self.server.stage_refusal(400, "BadRequestException", f"Missing final '@domain' {self.secret}")

    def fail_for_now(self) -> None:
        self.server.stage_refusal(503, "ServiceUnavailable", "try later\x00")

    def throttle(self) -> None:
        self.server.stage_refusal(429, "TooManyRequestsException", "Too many requests")


class TestSesProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[Rig]:
        async with http_sink() as sink:
            rig = SesRig(SesServer(sink))
            await rig.ses.start()
            yield rig
            await rig.ses.stop()
