"""WhatsApp's Cloud API as documented."""

from collections.abc import AsyncIterator

import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.whatsapp import WhatsAppAccount, WhatsAppProvider
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.integration.channels.chat_server import CLOCK, NOT_LINKED, TRACK, Json, chat_message, outbound_client
from tests.integration.channels.http_sink import HttpSink, http_sink
from tests.integration.channels.whatsapp_server import NUMBER_ID, TOKEN, WAMID, WhatsAppServer, graph_error

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
def server(sink: HttpSink) -> WhatsAppServer:
    return WhatsAppServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    async with outbound_client("127.0.0.0/8") as client:
        yield client


class WhatsApp:
    """A provider, and a recipient."""

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self._sink, self._client = sink, client

    async def send(
        self, phone: str = "+1 (650) 555-1234", *, token: str = TOKEN, template: str | None = None, **fields: JsonValue
    ) -> SendReport:
        account = WhatsAppAccount(
            access_token=token, phone_number_id=NUMBER_ID, template_name=template, template_language="de"
        )
        provider = WhatsAppProvider("whatsapp", account, self._client, CLOCK, timeout=2, base_url=self._sink.url(""))
        assert provider.point == "whatsapp"
        return await provider.send(chat_message({"whatsapp": {"phone": phone}}, **fields))


@pytest.fixture
def whatsapp(sink: HttpSink, client: Httpx2HttpClient) -> WhatsApp:
    return WhatsApp(sink, client)


async def test_a_text_is_sent_with_its_links(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    report = await whatsapp.send(title="Größe\r\n1", actions=[*NOT_LINKED, TRACK])
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, WAMID)
    assert server.last == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+16505551234",
        "type": "text",
        "text": {
            "preview_url": False,
            "body": f"Größe 1\n\nYour order is on its way\n\nTrack it: {TRACK['url']}",
        },
        "biz_opaque_callback_data": "0190a1b2-0000-7000-8000-000000000001",
    }


async def test_a_template_is_filled_when_the_account_names_one(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    report = await whatsapp.send(template="order_update", body="On its way:\r\n\t  to     you")
    assert report.outcome is OK
    assert "text" not in server.last
    assert server.last["template"] == {
        "name": "order_update",
        "language": {"code": "de"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Größe"}, {"type": "text", "text": "On its way: to you"}],
            }
        ],
    }


async def test_an_empty_parameter_is_filled_when_there_is_no_body(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    assert (await whatsapp.send(template="order_update", body="")).outcome is OK
    assert server.last["template"]["components"][0]["parameters"][1]["text"] == "-"


async def test_long_text_is_cut_on_a_character_and_links_stay(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    assert (await whatsapp.send(body="👩🏽‍🚀" * 3_000, actions=[TRACK] * 20)).outcome is OK
    body = server.last["text"]["body"]
    assert 4_080 < len(body.encode("utf-16-le")) // 2 <= 4_096
    words, _, links = body.partition("…\n\n")
    assert words.removeprefix("Größe\n\n").replace("👩🏽‍🚀", "") == ""
    assert links.split("\n") == [f"Track it: {TRACK['url']}"] * 10
    assert (await whatsapp.send(template="order_update", body="ü " * 3_000)).outcome is OK
    assert len(server.last["template"]["components"][0]["parameters"][1]["text"]) <= 1_024


async def test_the_text_keeps_room_when_links_are_long(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    long = {"label": "x", "url": "https://shop.example/" + "y" * 970}
    assert (await whatsapp.send(body="z" * 5_000, actions=[long] * 10)).outcome is OK
    assert server.last["text"]["body"].count("https://") == 2
    assert "z" * 2_000 in server.last["text"]["body"]


async def test_nothing_is_sent_when_there_is_nothing_to_show(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    report = await whatsapp.send(title="\x00", body="\n \n")
    assert (report.outcome, report.error_code) == (RECIPIENT, "whatsapp.empty_text")
    assert not server.sink.requests


@pytest.mark.parametrize(
    ("status", "code", "outcome", "word"),
    [
        (400, 131026, RECIPIENT, "undeliverable"),
        (400, 131047, RECIPIENT, "outside_24_hours"),
        (400, 131030, RECIPIENT, "recipient_not_allowed"),
        (400, 131021, RECIPIENT, "recipient_is_sender"),
        (400, 131049, RECIPIENT, "held_back_by_meta"),
        (400, 131050, RECIPIENT, "marketing_declined"),
        (403, 130497, RECIPIENT, "country_restricted"),
        (400, 130429, THROTTLED, "throttled"),
        (400, 131048, THROTTLED, "throttled"),
        (400, 131056, THROTTLED, "throttled"),
        (400, 80007, THROTTLED, "throttled"),
        (429, 999999, THROTTLED, "throttled"),
        (401, 190, PROVIDER, "unauthorized"),
        (401, 0, PROVIDER, "unauthorized"),
        (403, 200, PROVIDER, "permission_denied"),
        (403, 368, PROVIDER, "policy_violation"),
        (400, 131042, PROVIDER, "payment_problem"),
        (400, 132000, PROVIDER, "template_parameters_differ"),
        (404, 132001, PROVIDER, "template_not_found"),
        (400, 132015, PROVIDER, "template_paused"),
        (400, 100, PROVIDER, "invalid_parameter"),
        (400, 777777, PROVIDER, "error_777777"),
        (500, 131000, RETRY, "unknown_error"),
        (500, 131016, RETRY, "unavailable"),
        (503, 2, RETRY, "unavailable"),
        (500, 777777, RETRY, "error_777777"),
    ],
)
async def test_an_error_is_known_by_its_code(
    server: WhatsAppServer, whatsapp: WhatsApp, status: int, code: int, outcome: AttemptOutcome, word: str
) -> None:
    server.stage(status, graph_error(code, "Something", "the details"))
    report = await whatsapp.send()
    assert (report.outcome, report.error_code, report.status_code) == (outcome, f"whatsapp.{word}", status)
    assert "the details" in (report.detail or "")


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", {"error": "no"}, {"error": {"code": "131026"}}, "[]"])
async def test_status_decides_when_there_is_no_code(server: WhatsAppServer, whatsapp: WhatsApp, body: Json) -> None:
    server.stage(502, body)
    report = await whatsapp.send()
    assert (report.outcome, report.error_code) == (RETRY, "whatsapp.http_502")


async def test_retry_after_is_reported_when_meta_sends_it(server: WhatsAppServer, whatsapp: WhatsApp) -> None:
    server.stage(400, graph_error(130429, "Rate limit hit"), retry_after="60")
    assert (await whatsapp.send()).retry_after == 60.0


@pytest.mark.parametrize("body", ["", "[]", {"messages": []}, {"messages": [None]}, {"messages": [{"id": 7}]}])
async def test_an_accepted_message_has_no_id_when_the_answer_is_odd(
    server: WhatsAppServer, whatsapp: WhatsApp, body: Json
) -> None:
    server.stage(200, body)
    report = await whatsapp.send()
    assert (report.outcome, report.message_id) == (OK, None)


async def test_a_wrong_token_is_the_providers_problem_and_not_quoted(
    server: WhatsAppServer, whatsapp: WhatsApp
) -> None:
    report = await whatsapp.send(token="EAAJ-revoked")
    assert (report.outcome, report.error_code) == (PROVIDER, "whatsapp.unauthorized")
    assert "EAAJ-revoked" not in repr(report)
    assert TOKEN not in repr(WhatsAppAccount(access_token=TOKEN, phone_number_id=NUMBER_ID))


async def test_b30_a_blocked_endpoint_is_the_providers_problem(sink: HttpSink) -> None:
    async with outbound_client() as closed:
        report = await WhatsApp(sink, closed).send()
    assert (report.outcome, report.error_code, sink.connections) == (PROVIDER, "whatsapp.blocked", 0)


@pytest.mark.parametrize(
    ("phone", "word"),
    [
        (None, "no_address"),
        ("", "no_address"),
        (16505551234, "no_address"),
        ("0650 555", "invalid_address"),
        ("+1650555123456789", "invalid_address"),
        ("+1650555x", "invalid_address"),
        ("+١٦٥٠٥٥٥١٢٣٤", "invalid_address"),
    ],
)
async def test_an_address_that_is_none_ends_the_delivery(phone: JsonValue, word: str) -> None:
    client = RecordingHttpClient()
    account = WhatsAppAccount(access_token=TOKEN, phone_number_id=NUMBER_ID)
    report = await WhatsAppProvider("whatsapp", account, client, CLOCK).send(
        chat_message({"whatsapp": {"phone": phone}})
    )
    assert (report.outcome, report.error_code) == (RECIPIENT, f"whatsapp.{word}")
    assert not client.requests
