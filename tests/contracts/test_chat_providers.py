"""Every provider of the chat channel under the contract of providers, against servers that check what they get."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.channel import Channel
from infrastructure.channels.chat.apprise import AppriseAccount, AppriseProvider
from infrastructure.channels.chat.discord import DiscordAccount, DiscordProvider
from infrastructure.channels.chat.slack import SlackAccount, SlackProvider
from infrastructure.channels.chat.teams import TeamsAccount, TeamsProvider
from infrastructure.channels.chat.telegram import TelegramAccount, TelegramProvider
from infrastructure.channels.chat.whatsapp import WhatsAppAccount, WhatsAppProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.system.bounded_executor import BoundedExecutor
from tests.contracts.channel_provider_contract import DEADLINE, CannotBeStaged, ChannelProviderContract, Rig
from tests.integration.channels import (
    discord_server,
    slack_server,
    teams_server,
    telegram_server,
    whatsapp_server,
)
from tests.integration.channels.chat_server import ChatServer, Json
from tests.integration.channels.discord_server import DiscordServer
from tests.integration.channels.http_sink import HttpSink, Received, hang, http_sink, reset
from tests.integration.channels.slack_server import SlackServer
from tests.integration.channels.teams_server import TeamsServer, workflow_error
from tests.integration.channels.telegram_server import TelegramServer
from tests.integration.channels.whatsapp_server import WhatsAppServer, graph_error

CLOCK = FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


class Labelled(ChannelProvider):
    """Has the delivery's id at the beginning of every title, for services that take no reference of ours."""

    def __init__(self, provider: ChannelProvider) -> None:
        self._provider = provider

    @property
    def name(self) -> str:
        return self._provider.name

    async def send(self, message: OutboundMessage) -> SendReport:
        return await self._provider.send(replace(message, title=f"{message.delivery_id} {message.title}"))


class ChatRig(Rig):
    """`refused`, `failing` and `throttled` are answers of the service: status and body."""

    channel = Channel.CHAT
    server: ChatServer
    secret: str
    refused: tuple[int, Json]
    failing: tuple[int, Json] = (503, "maintenance\x00")
    throttled: tuple[int, Json] = (429, "")

    def refuse_recipient(self) -> None:
        self.server.stage(*self.refused)

    def fail_for_now(self) -> None:
        self.server.stage(*self.failing)

    def throttle(self) -> None:
        self.server.stage(*self.throttled, retry_after="7")

    def hang(self) -> None:
        self.server.sink.replies.append(hang)

    async def hanging(self) -> None:
        await self.server.sink.asked.wait()

    def vanish_after_reading(self) -> None:
        self.server.sink.replies.append(reset)


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


class SlackWebhookRig(ChatRig):
    secret = slack_server.HOOK
    refused: tuple[int, Json] = (404, f"no_service {secret}")
    throttled: tuple[int, Json] = (429, "ratelimited")

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.server = SlackServer(sink)
        self.address: dict[str, JsonValue] = {"slack": {"webhookUrl": sink.url(slack_server.HOOK)}}
        self.provider: ChannelProvider = SlackProvider("under-test", SlackAccount(), client, CLOCK, timeout=DEADLINE)

    def effects(self) -> Sequence[UUID]:
        return [UUID(body["blocks"][0]["block_id"]) for body in self.server.accepted]


class TestSlackWebhook(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return SlackWebhookRig(sink, client)


class SlackBotRig(SlackWebhookRig):
    secret = slack_server.TOKEN
    refused = (200, {"ok": False, "error": "channel_not_found", "response_metadata": {"messages": [secret]}})
    failing = (200, {"ok": False, "error": "service_unavailable"})
    throttled = (429, {"ok": False, "error": "ratelimited"})

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        super().__init__(sink, client)
        account = SlackAccount(bot_token=self.secret)
        self.address = {"slack": {"channel": "C0123456789"}}
        self.provider = SlackProvider("under-test", account, client, CLOCK, timeout=DEADLINE, base_url=sink.url("/api"))


class TestSlackBot(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return SlackBotRig(sink, client)


class DiscordRig(ChatRig):
    secret = discord_server.WEBHOOK_TOKEN
    refused = (404, {"message": f"Unknown Webhook {secret}", "code": 10015})
    throttled = (429, {"message": "You are being rate limited.", "retry_after": 64.57, "global": False})

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.server = DiscordServer(sink)
        self.address: dict[str, JsonValue] = {"discord": {"webhookUrl": sink.url(discord_server.HOOK)}}
        provider = DiscordProvider("under-test", DiscordAccount(), client, CLOCK, timeout=DEADLINE)
        self.provider: ChannelProvider = Labelled(provider)

    def effects(self) -> Sequence[UUID]:
        return [UUID(body["embeds"][0]["title"][:36]) for body in self.server.accepted]


class TestDiscord(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return DiscordRig(sink, client)


class TelegramRig(ChatRig):
    secret = telegram_server.TOKEN
    refused = (
        403,
        {"ok": False, "error_code": 403, "description": f"Forbidden: bot {secret} was blocked by the user"},
    )
    failing = (502, {"ok": False, "error_code": 502, "description": "Bad Gateway"})
    throttled = (429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 5"})

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.server = self.telegram = TelegramServer(sink)
        self.address: dict[str, JsonValue] = {"telegram": {"chatId": telegram_server.CHAT}}
        account = TelegramAccount(bot_token=self.secret)
        provider = TelegramProvider("under-test", account, client, CLOCK, timeout=DEADLINE, base_url=sink.url(""))
        self.provider: ChannelProvider = Labelled(provider)

    def effects(self) -> Sequence[UUID]:
        return [UUID(shown[:36]) for shown in self.telegram.shown]


class TestTelegram(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return TelegramRig(sink, client)


class WhatsAppRig(ChatRig):
    secret = whatsapp_server.TOKEN
    refused = (400, graph_error(131026, "Message undeliverable", f"token {secret}"))
    failing = (500, graph_error(131000, "Something went wrong"))
    throttled = (400, graph_error(130429, "Rate limit hit"))

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient, template: str | None = None) -> None:
        self.server = WhatsAppServer(sink)
        self.address: dict[str, JsonValue] = {"whatsapp": {"phone": "+16505551234"}}
        account = WhatsAppAccount(
            access_token=self.secret, phone_number_id=whatsapp_server.NUMBER_ID, template_name=template
        )
        self.provider: ChannelProvider = WhatsAppProvider(
            "under-test", account, client, CLOCK, timeout=DEADLINE, base_url=sink.url("")
        )

    def effects(self) -> Sequence[UUID]:
        return [UUID(body["biz_opaque_callback_data"]) for body in self.server.accepted]


class TestWhatsAppText(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return WhatsAppRig(sink, client)


class TestWhatsAppTemplate(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return WhatsAppRig(sink, client, template="order_update")


class TeamsRig(ChatRig):
    secret = teams_server.SIGNATURE
    refused = (404, workflow_error("WorkflowNotFound", f"The workflow with sig={secret} could not be found."))
    throttled = (429, workflow_error("TooManyRequests", "Rate limit is exceeded."))

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.server = TeamsServer(sink)
        self.address: dict[str, JsonValue] = {"teams": {"webhookUrl": sink.url(teams_server.HOOK)}}
        self.provider: ChannelProvider = TeamsProvider("under-test", TeamsAccount(), client, CLOCK, timeout=DEADLINE)

    def effects(self) -> Sequence[UUID]:
        return [UUID(card["body"][0]["id"]) for card in self.server.accepted]


class TestTeams(ChannelProviderContract):
    @pytest.fixture
    def rig(self, sink: HttpSink, client: Httpx2HttpClient) -> Rig:
        return TeamsRig(sink, client)


class JsonServer(ChatServer):
    """Any program that takes what Apprise's own `json://` sends."""

    def judge(self, request: Received) -> tuple[int, Json]:
        self.accepted.append(json.loads(request.body))
        return 200, ""


class AppriseRig(ChatRig):
    secret = "s3cr3t-path-of-the-hook"

    def __init__(self, sink: HttpSink, executor: BoundedExecutor) -> None:
        self.server = JsonServer(sink)
        self.address: dict[str, JsonValue] = {"apprise": {"url": sink.url(f"/{self.secret}", scheme="json")}}
        account = AppriseAccount(schemes=("json",))
        self.provider: ChannelProvider = Labelled(AppriseProvider("under-test", account, executor, timeout=DEADLINE))

    def effects(self) -> Sequence[UUID]:
        return [UUID(body["title"][:36]) for body in self.server.accepted]

    def refuse_recipient(self) -> None:
        raise CannotBeStaged("the library says no more than that it failed")

    throttle = vanish_after_reading = refuse_recipient


# One of the library's plug-ins imports a module that Python 3.13 no longer has.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
class TestApprise(ChannelProviderContract):
    @pytest.fixture
    async def rig(self, sink: HttpSink) -> AsyncIterator[Rig]:
        executor = BoundedExecutor("apprise", threads=4, waiting=64)
        yield AppriseRig(sink, executor)
        await executor.stop()
