"""Discord's webhooks as documented."""

from collections.abc import AsyncIterator

import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.discord import DiscordAccount, DiscordProvider
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.integration.channels.chat_server import CLOCK, NOT_LINKED, TRACK, Json, chat_message, outbound_client
from tests.integration.channels.discord_server import HOOK, INVALID_FORM_BODY, MESSAGE_ID, WEBHOOK_TOKEN, DiscordServer
from tests.integration.channels.http_sink import HttpSink, http_sink

OK = AttemptOutcome.OK
RETRY = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
def server(sink: HttpSink) -> DiscordServer:
    return DiscordServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    async with outbound_client("127.0.0.0/8") as client:
        yield client


class Discord:
    """A provider, and a recipient with a webhook of his own; `query` is added to its URL."""

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.url = sink.url(HOOK)
        self._client = client

    async def send(self, *, query: str = "", configured: str | None = None, **fields: JsonValue) -> SendReport:
        provider = DiscordProvider("discord", DiscordAccount(webhook_url=configured), self._client, CLOCK, timeout=2)
        assert provider.point == "discord"
        address = {} if configured else {"discord": {"webhookUrl": self.url + query}}
        return await provider.send(chat_message(address, **fields))


@pytest.fixture
def discord(sink: HttpSink, client: Httpx2HttpClient) -> Discord:
    return Discord(sink, client)


async def test_an_embed_is_posted_that_pings_nobody(server: DiscordServer, discord: Discord) -> None:
    report = await discord.send(body="<@123> @everyone", severity="high")
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, MESSAGE_ID)
    assert server.last == {
        "embeds": [{"title": "Größe", "description": "<@123> @everyone", "color": 0xD92D20}],
        "allowed_mentions": {"parse": []},
    }


async def test_links_become_rows_of_five_buttons(server: DiscordServer, discord: Discord) -> None:
    too_long = {**TRACK, "url": "https://shop.example/" + "x" * 512}
    await discord.send(actions=[*NOT_LINKED, too_long, *[{**TRACK, "label": "x" * 90}] * 7])
    rows = server.last["components"]
    assert [len(row["components"]) for row in rows] == [5, 2]
    assert rows[0]["components"][0] == {"type": 2, "style": 5, "label": "x" * 79 + "…", "url": TRACK["url"]}


async def test_a_threads_id_is_kept_and_other_options_are_ours(server: DiscordServer, discord: Discord) -> None:
    assert (await discord.send(query="?wait=false&thread_id=99&with_components=true#top")).outcome is OK
    assert server.queries == [{"thread_id": ["99"]}]


async def test_long_text_is_cut_on_a_character(server: DiscordServer, discord: Discord) -> None:
    assert (await discord.send(title="Ü\r\nb" * 300, body="👩🏽‍🚀" * 3_000)).outcome is OK
    (embed,) = server.last["embeds"]
    assert "\n" not in embed["title"]
    assert len(embed["title"]) == 256
    assert len(embed["description"].encode("utf-16-le")) // 2 <= 4_096
    assert embed["description"].removesuffix("…").replace("👩🏽‍🚀", "") == ""
    assert embed["description"].endswith("🚀…")


async def test_the_replaced_message_is_edited_when_the_sender_names_it(server: DiscordServer, discord: Discord) -> None:
    replaces = {"discord": {"replaces": MESSAGE_ID}}
    report = await discord.send(query="?thread_id=99", sequence_id="order-42", overrides=replaces, actions=[TRACK])
    assert (report.outcome, report.message_id) == (OK, MESSAGE_ID)
    assert (len(server.edited), len(server.accepted)) == (1, 0)
    assert "thread_id=99" in server.sink.requests[0].target


@pytest.mark.parametrize(("replaced", "requests"), [("1", 2), ("../../x", 1), ("²", 1), ("", 1)])
async def test_a_message_is_posted_anew_when_there_is_none_to_edit(
    server: DiscordServer, discord: Discord, replaced: str, requests: int
) -> None:
    report = await discord.send(sequence_id="order-42", overrides={"discord": {"replaces": replaced}})
    assert (report.outcome, len(server.accepted)) == (OK, 1)
    assert len(server.sink.requests) == requests


@pytest.mark.parametrize(
    ("status", "body", "outcome", "word", "gone"),
    [
        (404, {"message": "Unknown Webhook", "code": 10015}, RECIPIENT, "unknown_webhook", True),
        (404, {"message": "Unknown Channel", "code": 10003}, RECIPIENT, "unknown_channel", True),
        (401, {"message": "Invalid Webhook Token", "code": 50027}, RECIPIENT, "invalid_webhook_token", True),
        (403, {"message": "Missing Permissions", "code": 50013}, RECIPIENT, "missing_permissions", False),
        (400, {"message": "Cannot send an empty message", "code": 50006}, RECIPIENT, "empty_text", False),
        (400, {"message": "Webhooks posted to forum channels must have a thread_name or thread_id", "code": 220001},
         RECIPIENT, "thread_required", False),
        (400, INVALID_FORM_BODY, PROVIDER, "invalid_form_body", False),
        (400, {"webhook_id": ['Value "x" is not snowflake.']}, RECIPIENT, "invalid_address", False),
        (400, {"message": "Invalid Form Body", "code": 50035, "errors": {"webhook_id": {"_errors": []}}},
         RECIPIENT, "invalid_address", False),
        (413, {"message": "Request entity too large", "code": 40005}, PROVIDER, "too_large", False),
        (403, "error code: 1010", PROVIDER, "http_403", False),
        (503, {"message": "API resource is currently overloaded. Try again a little later", "code": 130000},
         RETRY, "http_503", False),
        (500, {"message": "500: Internal Server Error", "code": 0}, RETRY, "http_500", False),
        (502, {"message": "Unknown Webhook", "code": 10015}, RETRY, "http_502", False),
        (404, "[1, 2", RECIPIENT, "http_404", False),
    ],
)  # fmt: skip
async def test_an_error_is_known_by_its_code(
    server: DiscordServer,
    discord: Discord,
    status: int,
    body: Json,
    outcome: AttemptOutcome,
    word: str,
    gone: bool,
) -> None:
    server.stage(status, body)
    report = await discord.send()
    assert (report.outcome, report.error_code, report.gone) == (outcome, f"discord.{word}", gone)
    assert report.status_code == status


async def test_an_unknown_webhook_is_found_out_without_staging(
    server: DiscordServer, discord: Discord, sink: HttpSink
) -> None:
    discord.url = sink.url("/api/webhooks/1/deleted-long-ago")
    report = await discord.send()
    assert (report.outcome, report.error_code, report.gone) == (RECIPIENT, "discord.unknown_webhook", True)
    assert report.detail == '{"message": "Unknown Webhook", "code": 10015}'


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"message": "You are being rate limited.", "retry_after": 64.57, "global": False}, 64.57),
        ({"message": "The resource is being rate limited.", "retry_after": 2, "global": True}, 2.0),
        ({"message": "You are being rate limited.", "retry_after": "soon"}, 65.0),
        ("<html>banned</html>", 65.0),
    ],
)
async def test_fractions_of_a_second_are_reported_when_there_was_too_much(
    server: DiscordServer, discord: Discord, body: Json, seconds: float
) -> None:
    server.stage(429, body, retry_after="65")
    report = await discord.send()
    assert (report.outcome, report.error_code, report.retry_after) == (THROTTLED, "discord.throttled", seconds)


async def test_the_fault_is_the_providers_when_the_webhook_is_configured(
    server: DiscordServer, discord: Discord
) -> None:
    assert (await discord.send(configured=discord.url)).outcome is OK
    server.stage(404, {"message": "Unknown Webhook", "code": 10015})
    report = await discord.send(configured=discord.url)
    assert (report.outcome, report.error_code, report.gone) == (PROVIDER, "discord.unknown_webhook", False)


async def test_the_token_stays_out_when_the_server_repeats_it(server: DiscordServer, discord: Discord) -> None:
    server.stage(500, f"failed at {discord.url} and {WEBHOOK_TOKEN}")
    report = await discord.send()
    assert report.detail is not None
    assert WEBHOOK_TOKEN not in repr(report)
    assert WEBHOOK_TOKEN not in repr(DiscordAccount(webhook_url=discord.url))


async def test_nothing_is_sent_when_there_is_nothing_to_show(server: DiscordServer, discord: Discord) -> None:
    report = await discord.send(title="\x00", body="  \n")
    assert (report.outcome, report.error_code) == (RECIPIENT, "discord.empty_text")
    assert not server.sink.requests


async def test_b30_a_blocked_webhook_ends_the_delivery_when_the_recipient_gave_it(sink: HttpSink) -> None:
    async with outbound_client() as closed:
        report = await Discord(sink, closed).send()
    assert (report.outcome, report.error_code, sink.connections) == (RECIPIENT, "discord.blocked", 0)


@pytest.mark.parametrize(
    ("address", "word"),
    [({}, "no_address"), ({"discord": {}}, "no_address"), ({"discord": {"webhookUrl": "//x"}}, "invalid_address")],
)
async def test_an_address_that_is_none_ends_the_delivery(address: dict[str, JsonValue], word: str) -> None:
    client = RecordingHttpClient()
    report = await DiscordProvider("discord", DiscordAccount(), client, CLOCK).send(chat_message(address))
    assert (report.outcome, report.error_code) == (RECIPIENT, f"discord.{word}")
    assert not client.requests
