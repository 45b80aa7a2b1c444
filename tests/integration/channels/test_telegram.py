"""Telegram's Bot API as documented, and the errors it is known to give."""

from collections.abc import AsyncIterator

import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.telegram import TelegramAccount, TelegramProvider
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.integration.channels.chat_server import CLOCK, NOT_LINKED, TRACK, Json, chat_message, outbound_client
from tests.integration.channels.http_sink import HttpSink, http_sink
from tests.integration.channels.telegram_server import CHAT, MESSAGE_ID, TOKEN, TelegramServer, refusal

OK = AttemptOutcome.OK
RETRY = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT
REPLACES = {"telegram": {"replaces": str(MESSAGE_ID)}}


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
def server(sink: HttpSink) -> TelegramServer:
    return TelegramServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    async with outbound_client("127.0.0.0/8") as client:
        yield client


class Telegram:
    """A provider, and a recipient."""

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self._sink, self._client = sink, client

    async def send(self, chat: JsonValue = CHAT, *, token: str = TOKEN, **fields: JsonValue) -> SendReport:
        account = TelegramAccount(bot_token=token)
        provider = TelegramProvider("telegram", account, self._client, CLOCK, timeout=2, base_url=self._sink.url(""))
        assert provider.point == "telegram"
        return await provider.send(chat_message({"telegram": {"chatId": chat}}, **fields))


@pytest.fixture
def telegram(sink: HttpSink, client: Httpx2HttpClient) -> Telegram:
    return Telegram(sink, client)


async def test_html_and_a_keyboard_are_sent(server: TelegramServer, telegram: Telegram) -> None:
    report = await telegram.send(actions=[*NOT_LINKED, TRACK])
    assert (report.outcome, report.message_id) == (OK, str(MESSAGE_ID))
    assert server.last == {
        "chat_id": CHAT,
        "text": "<b>Größe</b>\n\nYour order is on its way",
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[{"text": "Track it", "url": TRACK["url"]}]]},
    }


@pytest.mark.parametrize("chat", [CHAT, str(CHAT), f" {CHAT} "])
async def test_a_chat_is_found_by_number_or_text(server: TelegramServer, telegram: Telegram, chat: JsonValue) -> None:
    assert (await telegram.send(chat)).outcome is OK


async def test_text_is_shown_as_it_was_when_it_looks_like_markup(server: TelegramServer, telegram: Telegram) -> None:
    title, body = "<b>1 & 2</b>", '</b><a href="tg://x">a &amp; b</a> "quoted" &unknown;'
    assert (await telegram.send(title=title, body=body)).outcome is OK
    assert server.shown == [f"{title}\n\n{body}"]


async def test_long_text_is_cut_as_it_is_seen(server: TelegramServer, telegram: Telegram) -> None:
    assert (await telegram.send(title="Ü\r\nb", body="&" * 5_000)).outcome is OK
    assert server.shown[0] == "Ü b\n\n" + "&" * 4_090 + "…"
    assert (await telegram.send(body="👩🏽‍🚀" * 3_000)).outcome is OK
    assert server.shown[1].removeprefix("Größe\n\n").removesuffix("…").replace("👩🏽‍🚀", "") == ""


async def test_a_title_alone_is_enough(server: TelegramServer, telegram: Telegram) -> None:
    await telegram.send(body="")
    assert server.last["text"] == "<b>Größe</b>"


async def test_nothing_is_sent_when_there_is_nothing_to_show(server: TelegramServer, telegram: Telegram) -> None:
    report = await telegram.send(title="\x00", body="\n \n")
    assert (report.outcome, report.error_code) == (RECIPIENT, "telegram.empty_text")
    assert not server.sink.requests


async def test_the_replaced_message_is_edited_when_the_sender_names_it(
    server: TelegramServer, telegram: Telegram
) -> None:
    for _ in range(2):  # the second is a retry of an edit whose answer was lost
        report = await telegram.send(sequence_id="order-42", overrides=REPLACES)
        assert (report.outcome, report.message_id, report.error_code) == (OK, str(MESSAGE_ID), None)
    assert (len(server.edited), len(server.accepted)) == (1, 0)


@pytest.mark.parametrize("replaced", ["1", "../x", "²"])
async def test_a_message_is_sent_anew_when_there_is_none_to_edit(
    server: TelegramServer, telegram: Telegram, replaced: str
) -> None:
    report = await telegram.send(sequence_id="order-42", overrides={"telegram": {"replaces": replaced}})
    assert (report.outcome, len(server.accepted)) == (OK, 1)


@pytest.mark.parametrize(
    ("status", "description", "outcome", "word", "gone"),
    [
        (403, "Forbidden: bot was blocked by the user", RECIPIENT, "bot_blocked", True),
        (403, "Forbidden: user is deactivated", RECIPIENT, "user_deactivated", True),
        (403, "Forbidden: bot was kicked from the group chat", RECIPIENT, "bot_kicked", True),
        (403, "Forbidden: bot can't initiate conversation with a user", RECIPIENT, "not_started", False),
        (403, "Forbidden: bot is not a member of the channel chat", RECIPIENT, "not_a_member", False),
        (403, "Forbidden: bot can't send messages to bots", RECIPIENT, "forbidden", False),
        (400, "Bad Request: chat not found", RECIPIENT, "chat_not_found", False),
        (400, "Bad Request: PEER_ID_INVALID", RECIPIENT, "chat_not_found", False),
        (400, "Bad Request: group is deactivated", RECIPIENT, "chat_deactivated", True),
        (400, "Bad Request: not enough rights to send text messages to the chat", RECIPIENT, "no_rights", False),
        (400, "Bad Request: BUTTON_URL_INVALID", PROVIDER, "http_400", False),
        (400, "Bad Request: can't parse entities: Unsupported start tag", PROVIDER, "http_400", False),
        (401, "Unauthorized", PROVIDER, "unauthorized", False),
        (404, "Not Found", PROVIDER, "unauthorized", False),
        (500, "Internal Server Error: restart", RETRY, "http_500", False),
        (502, "Bad Gateway", RETRY, "http_502", False),
    ],
)
async def test_an_error_is_known_by_what_it_says(
    server: TelegramServer,
    telegram: Telegram,
    status: int,
    description: str,
    outcome: AttemptOutcome,
    word: str,
    gone: bool,
) -> None:
    server.stage(status, refusal(status, description).body)
    report = await telegram.send()
    assert (report.outcome, report.error_code, report.gone) == (outcome, f"telegram.{word}", gone)
    assert description in (report.detail or "")


async def test_the_new_chat_is_in_the_record_when_a_group_became_another(
    server: TelegramServer, telegram: Telegram
) -> None:
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    server.stage(400, refusal(400, words, migrate_to_chat_id=-1001234567890).body)
    report = await telegram.send()
    assert (report.outcome, report.error_code) == (RECIPIENT, "telegram.chat_migrated")
    assert "-1001234567890" in (report.detail or "")


@pytest.mark.parametrize(
    ("body", "seconds"),
    [(refusal(429, "Too Many Requests: retry after 123", retry_after=123).body, 123.0), ("<html>", 7.0)],
)
async def test_retry_after_is_reported_when_there_was_too_much(
    server: TelegramServer, telegram: Telegram, body: Json, seconds: float
) -> None:
    server.stage(429, body, retry_after="7")
    report = await telegram.send()
    assert (report.outcome, report.error_code, report.retry_after) == (THROTTLED, "telegram.throttled", seconds)


async def test_a_wrong_token_is_the_providers_problem_and_not_quoted(
    server: TelegramServer, telegram: Telegram
) -> None:
    report = await telegram.send(token="110201543:revoked-token-0123456789")
    assert (report.outcome, report.error_code, report.status_code) == (PROVIDER, "telegram.unauthorized", 401)
    assert "revoked-token" not in repr(report)
    assert repr(TelegramAccount(bot_token=TOKEN)) == "TelegramAccount()"


async def test_the_token_stays_out_when_the_server_repeats_it(server: TelegramServer, telegram: Telegram) -> None:
    server.stage(500, f"failed at /bot{TOKEN}/sendMessage")
    report = await telegram.send()
    assert report.detail is not None
    assert TOKEN not in report.detail


async def test_b30_a_blocked_endpoint_is_the_providers_problem(sink: HttpSink) -> None:
    async with outbound_client() as closed:
        report = await Telegram(sink, closed).send()
    assert (report.outcome, report.error_code, sink.connections) == (PROVIDER, "telegram.blocked", 0)


@pytest.mark.parametrize("chat", [None, "", " ", True, 1.5, ["1"]])
async def test_an_address_that_is_none_ends_the_delivery(chat: JsonValue) -> None:
    client = RecordingHttpClient()
    provider = TelegramProvider("telegram", TelegramAccount(bot_token=TOKEN), client, CLOCK)
    report = await provider.send(chat_message({"telegram": {"chatId": chat}}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "telegram.no_address")
    assert not client.requests
