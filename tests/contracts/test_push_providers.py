"""The providers of the push channel under the contract of all providers."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from application.ports.http_client import HttpClient
from application.ports.notification_channel import ChannelProvider, JsonValue
from domain.notifications.channel import Channel
from infrastructure.channels.push.apns import ApnsProvider
from infrastructure.channels.push.apns_tokens import ApnsAccount
from infrastructure.channels.push.fcm import FcmProvider
from infrastructure.channels.push.google_tokens import FcmAccount
from infrastructure.channels.push.vapid import VapidAccount
from infrastructure.channels.push.vapid_keys import vapid_keys
from infrastructure.channels.push.webpush import WebPushProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.contracts.channel_provider_contract import DEADLINE, ChannelProviderContract, Rig
from tests.integration.channels import apns_server as apple
from tests.integration.channels import fcm_server as google
from tests.integration.channels.apns_server import ApnsServer, apns_server
from tests.integration.channels.fcm_server import FcmServer, fcm_server
from tests.integration.channels.h2_server import Stream, abort
from tests.integration.channels.h2_server import hang as h2_hang
from tests.integration.channels.http_sink import answer, hang, reset
from tests.integration.channels.webpush_server import WebPushServer, webpush_server

CLOCK = FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


class FcmRig(Rig):
    channel = Channel.PUSH
    secret = "ya29.secret-access-1"

    def __init__(self, server: FcmServer, client: HttpClient) -> None:
        self.address: dict[str, JsonValue] = {"fcm": {"tokens": [google.DEVICE]}}
        self._server = server
        account = FcmAccount.from_json(server.service_account())
        self.provider: ChannelProvider = FcmProvider(
            "under-test", account, client, CLOCK, timeout=DEADLINE, base_url=server.base_url
        )

    def effects(self) -> Sequence[UUID]:
        return [UUID(message["data"]["deliveryId"]) for message in self._server.accepted]

    def refuse_recipient(self) -> None:
        refused = google.refusal(403, "PERMISSION_DENIED", f"no, {self.secret}", details="SENDER_ID_MISMATCH")
        self._server.staged.append(refused)

    def fail_for_now(self) -> None:
        self._server.staged.append(google.refusal(503, "UNAVAILABLE", details="UNAVAILABLE"))

    def throttle(self) -> None:
        self._server.staged.append(google.refusal(429, "RESOURCE_EXHAUSTED", details="QUOTA_EXCEEDED"))

    def hang(self) -> None:
        self._server.staged.append(hang)

    async def hanging(self) -> None:
        await self._server.asked.wait()

    def vanish_after_reading(self) -> None:
        self._server.staged.append(reset)


class TestFcmProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self, client: Httpx2HttpClient) -> AsyncIterator[Rig]:
        async with fcm_server(CLOCK.now) as server:
            yield FcmRig(server, client)


class ApnsRig(Rig):
    channel = Channel.PUSH
    secret = "is known after the first request"

    def __init__(self, server: ApnsServer, client: HttpClient) -> None:
        self.address: dict[str, JsonValue] = {"apns": {"tokens": [apple.DEVICE]}}
        self._server = server
        account = ApnsAccount(
            team_id=apple.TEAM, key_id=apple.KEY_ID, private_key=server.private_key(), topic=apple.TOPIC
        )
        self.provider: ChannelProvider = ApnsProvider(
            "under-test", account, client, CLOCK, timeout=DEADLINE, base_url=server.base_url
        )

    def effects(self) -> Sequence[UUID]:
        return [UUID(headers["apns-id"]) for headers, _ in self._server.accepted]

    def refuse_recipient(self) -> None:
        async def refuse(stream: Stream) -> None:
            self.secret = stream.request.headers["authorization"].removeprefix("bearer ")
            await apple.refusal(400, "DeviceTokenNotForTopic", echo=self.secret)(stream)

        self._server.staged.append(refuse)

    def fail_for_now(self) -> None:
        self._server.staged.append(apple.refusal(503, "ServiceUnavailable"))

    def throttle(self) -> None:
        self._server.staged.append(apple.refusal(429, "TooManyRequests"))

    def hang(self) -> None:
        self._server.staged.append(h2_hang)

    async def hanging(self) -> None:
        await self._server.http.asked.wait()

    def vanish_after_reading(self) -> None:
        self._server.staged.append(abort)


class TestApnsProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self, client: Httpx2HttpClient) -> AsyncIterator[Rig]:
        async with apns_server(CLOCK.now) as server:
            yield ApnsRig(server, client)


class WebPushRig(Rig):
    channel = Channel.PUSH

    def __init__(self, server: WebPushServer, client: HttpClient, private_key: str) -> None:
        browser = server.subscribe()
        self.secret = browser.endpoint.rpartition("/")[2]
        self.address: dict[str, JsonValue] = {"webpush": {"subscriptions": [browser.subscription()]}}
        self._server = server
        account = VapidAccount(private_key=private_key, subject="mailto:admin@carillon.example")
        self.provider: ChannelProvider = WebPushProvider("under-test", account, client, CLOCK, timeout=DEADLINE)

    def effects(self) -> Sequence[UUID]:
        return [UUID(shown["id"]) for _, shown in self._server.accepted]

    def refuse_recipient(self) -> None:
        said = json.dumps({"errno": 111, "message": f"no such token: {self.secret}"})
        self._server.staged.append(answer(400, said.encode()))

    def fail_for_now(self) -> None:
        self._server.staged.append(answer(503, b'{"errno":201,"message":"Use exponential back-off for retries"}'))

    def throttle(self) -> None:
        self._server.staged.append(answer(429, b"slow down", retry_after="30"))

    def hang(self) -> None:
        self._server.staged.append(hang)

    async def hanging(self) -> None:
        await self._server.sink.asked.wait()

    def vanish_after_reading(self) -> None:
        self._server.staged.append(reset)


class TestWebPushProvider(ChannelProviderContract):
    @pytest.fixture
    async def rig(self, client: Httpx2HttpClient) -> AsyncIterator[Rig]:
        keys = vapid_keys()
        async with webpush_server(CLOCK.now, keys.public_key) as server:
            yield WebPushRig(server, client, keys.private_key)
