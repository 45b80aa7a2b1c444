"""SMS, push and chat from configuration alone: one process, and its vendors on 127.0.0.1."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from infrastructure.channels.push.vapid_keys import vapid_keys
from tests.e2e.processes import Installation, eventually
from tests.integration.channels import slack_server as slack
from tests.integration.channels import telegram_server as telegram
from tests.integration.channels import twilio_server as twilio
from tests.integration.channels.fcm_server import DEVICE, FcmServer, fcm_server
from tests.integration.channels.http_sink import answer, http_sink
from tests.integration.channels.webpush_server import WebPushServer, webpush_server

API = "/api/v1"
GONE = "fcm-device-token:gone"
EVERYTHING = ["sms", "push", "chat"]

# Any: JSON of answers.
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Everybody whom the process calls."""

    twilio: twilio.TwilioServer
    fcm: FcmServer
    webpush: WebPushServer
    slack: slack.SlackServer
    telegram: telegram.TelegramServer
    vapid_private_key: str

    def environment(self, folder: Path) -> Mapping[str, str]:
        """All that the process is told of them."""
        account = folder / "service-account.json"
        account.write_text(self.fcm.service_account(), encoding="utf-8")
        return {
            "EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "NOTIFY_SMS_PROVIDERS": "twilio",
            "PROVIDER__TWILIO__ACCOUNT_SID": twilio.ACCOUNT,
            "PROVIDER__TWILIO__AUTH_TOKEN": twilio.TOKEN,
            "PROVIDER__TWILIO__FROM": twilio.SENDER,
            "PROVIDER__TWILIO__BASE_URL": self.twilio.url,
            "NOTIFY_PUSH_PROVIDERS": "fcm,webpush",
            "PROVIDER__FCM__SERVICE_ACCOUNT_FILE": str(account),
            "PROVIDER__FCM__BASE_URL": self.fcm.base_url,
            "PROVIDER__WEBPUSH__PRIVATE_KEY": self.vapid_private_key,
            "PROVIDER__WEBPUSH__SUBJECT": "mailto:ops@example.com",
            "NOTIFY_CHAT_PROVIDERS": "slack,telegram",
            "PROVIDER__SLACK__BOT_TOKEN": slack.TOKEN,
            "PROVIDER__SLACK__BASE_URL": self.slack.sink.url("/api"),
            "PROVIDER__TELEGRAM__BOT_TOKEN": telegram.TOKEN,
            "PROVIDER__TELEGRAM__BASE_URL": self.telegram.sink.url(""),
        }


@asynccontextmanager
async def vendors() -> AsyncIterator[Vendors]:
    keys = vapid_keys()

    def now() -> datetime:
        return datetime.now(UTC)

    async with AsyncExitStack() as stack:
        yield Vendors(
            twilio=twilio.TwilioServer(await stack.enter_async_context(http_sink())),
            fcm=await stack.enter_async_context(fcm_server(now)),
            webpush=await stack.enter_async_context(webpush_server(now, keys.public_key)),
            slack=slack.SlackServer(await stack.enter_async_context(http_sink())),
            telegram=telegram.TelegramServer(await stack.enter_async_context(http_sink())),
            vapid_private_key=keys.private_key,
        )


@asynccontextmanager
async def calling(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a process that was told this."""
    async with Installation(folder, environment) as installation:
        process = await installation.start()
        key = {"Authorization": f"ApiKey {installation.api_key}"}
        async with httpx.AsyncClient(base_url=process.base_url, headers=key, trust_env=False) as client:
            yield client


async def put(client: httpx.AsyncClient, **fields: Json) -> None:
    answered = await client.put(f"{API}/subscribers/ann", json=fields)
    assert answered.status_code == 201, answered.text


async def points(client: httpx.AsyncClient) -> Json:
    """The contact points of the subscriber, as callers read them."""
    return (await client.get(f"{API}/subscribers/ann")).json()["data"]["channels"]


async def sent(client: httpx.AsyncClient, channels: list[str], seconds: float = 20.0) -> Mapping[str, Json]:
    """The deliveries of one notification by channel, when all of them are final."""
    body = {"to": ["ann"], "channels": channels, "content": {"title": "Parcel", "body": "It is here"}}
    answered = await client.post(f"{API}/notifications", json=body)
    assert answered.status_code == 202, answered.text
    found = await eventually(
        lambda: _deliveries(client, answered.json()["data"]["id"]),
        until=lambda each: each and all(one["status"] not in {"pending", "sending"} for one in each),
        seconds=seconds,
    )
    return {each["channel"]: each for each in found}


async def _deliveries(client: httpx.AsyncClient, notification_id: str) -> Json:
    return (await client.get(f"{API}/notifications/{notification_id}/deliveries")).json()["data"]


def tries(delivery: Json) -> list[tuple[str, str]]:
    return [(each["provider"], each["outcome"]) for each in delivery["attempts"]]


async def test_one_request_arrives_once_everywhere_when_all_is_said_in_the_environment(tmp_path: Path) -> None:
    async with vendors() as theirs, calling(tmp_path, theirs.environment(tmp_path)) as client:
        browser = theirs.webpush.subscribe()
        channels = {
            "push": {"tokens": [DEVICE]},
            "webpush": {"subscriptions": [browser.subscription()]},
            "slack": {"channel": "C024BE91L"},
            "telegram": {"chatId": telegram.CHAT},
        }
        await put(client, phone="+15005550009", channels=channels)

        found = await sent(client, EVERYTHING)

        assert {name: (each["status"], tries(each)) for name, each in found.items()} == {
            "sms": ("sent", [("twilio", "ok")]),
            "push": ("sent", [("fcm", "ok"), ("webpush", "ok")]),
            "chat": ("sent", [("slack", "ok")]),
        }
        arrived = (theirs.twilio, theirs.fcm, theirs.webpush, theirs.slack, theirs.telegram)
        assert [len(vendor.accepted) for vendor in arrived] == [1, 1, 1, 1, 0]
        assert theirs.webpush.accepted[0][1]["title"] == "Parcel"


async def test_dead_devices_are_forgotten_when_their_push_services_say_so(tmp_path: Path) -> None:
    async with vendors() as theirs, calling(tmp_path, theirs.environment(tmp_path)) as client:
        browser = theirs.webpush.subscribe()
        closed = theirs.webpush.subscribe()
        theirs.webpush.by_path[f"/{closed.endpoint.partition('//')[2].partition('/')[2]}"] = answer(410)
        theirs.fcm.by_device[GONE] = answer(
            404,
            b'{"error":{"code":404,"status":"NOT_FOUND","message":"Requested entity was not found.","details":'
            b'[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}]}}',
        )
        subscriptions = [closed.subscription(), browser.subscription()]
        await put(client, channels={"push": {"tokens": [DEVICE, GONE]}, "webpush": {"subscriptions": subscriptions}})

        found = await sent(client, ["push"])
        left = await eventually(lambda: points(client), until=lambda now: GONE not in now["push"]["tokens"])

        assert found["push"]["status"] == "sent"
        assert left["push"]["tokens"] == [DEVICE]
        assert [each["endpoint"] for each in left["webpush"]["subscriptions"]] == [browser.endpoint]


async def test_chat_goes_to_the_next_service_when_the_first_cannot_take_it(tmp_path: Path) -> None:
    async with vendors() as theirs, calling(tmp_path, theirs.environment(tmp_path)) as client:
        await put(client, channels={"slack": {"channel": "C024BE91L"}, "telegram": {"chatId": str(telegram.CHAT)}})
        theirs.slack.stage(503, "")

        found = await sent(client, ["chat"])

        assert (found["chat"]["status"], tries(found["chat"])) == ("sent", [("slack", "retryable"), ("telegram", "ok")])
        assert len(theirs.telegram.accepted) == 1


async def test_delivery_is_suppressed_when_no_configured_service_reaches_the_recipient(tmp_path: Path) -> None:
    async with vendors() as theirs, calling(tmp_path, theirs.environment(tmp_path)) as client:
        await put(client, channels={"teams": {"webhookUrl": "https://example.com/hook"}, "apns": {"tokens": ["ab"]}})

        found = await sent(client, ["push", "chat"])

        assert {(each["status"], each["reason"], len(each["attempts"])) for each in found.values()} == {
            ("suppressed", "no_contact_point", 0)
        }


async def test_process_does_not_start_when_a_provider_cannot_be_made(tmp_path: Path) -> None:
    environment = {
        "NOTIFY_PUSH_PROVIDERS": "apns",
        "PROVIDER__APNS__TEAM_ID": "T",
        "PROVIDER__APNS__KEY_ID": "K",
        "PROVIDER__APNS__TOPIC": "com.example",
        "PROVIDER__APNS__PRIVATE_KEY": "no key at all",
    }
    async with Installation(tmp_path, environment) as installation:
        process = await installation.start("worker")

        assert await process.ended() == 78

    assert "PROVIDER__APNS__* cannot be used: the private_key of APNs" in process.output
    assert "no key at all" not in process.output
