"""Webhooks of Microsoft Teams as documented."""

from collections.abc import AsyncIterator

import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.teams import TeamsAccount, TeamsProvider
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.integration.channels.chat_server import CLOCK, NOT_LINKED, TRACK, Json, chat_message, outbound_client
from tests.integration.channels.http_sink import HttpSink, http_sink
from tests.integration.channels.teams_server import HOOK, SIGNATURE, WORKFLOW, TeamsServer, workflow_error

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
def server(sink: HttpSink) -> TeamsServer:
    return TeamsServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    async with outbound_client("127.0.0.0/8") as client:
        yield client


class Teams:
    """A provider, and a recipient with a webhook of his own unless one is `configured`."""

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.url = sink.url(HOOK)
        self._client = client

    async def send(self, *, configured: bool = False, **fields: JsonValue) -> SendReport:
        account = TeamsAccount(webhook_url=self.url if configured else None)
        provider = TeamsProvider("teams", account, self._client, CLOCK, timeout=2)
        assert provider.point == "teams"
        address = {} if configured else {"teams": {"webhookUrl": self.url}}
        return await provider.send(chat_message(address, **fields))


@pytest.fixture
def teams(sink: HttpSink, client: Httpx2HttpClient) -> Teams:
    return Teams(sink, client)


async def test_an_adaptive_card_is_posted(server: TeamsServer, teams: Teams) -> None:
    report = await teams.send(title="Größe\r\n1", actions=[*NOT_LINKED, TRACK])
    assert (report.outcome, report.status_code, report.message_id) == (OK, 202, None)
    assert server.last["body"] == [
        {
            "type": "TextBlock",
            "text": "Größe 1",
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
            "id": "0190a1b2-0000-7000-8000-000000000001",
        },
        {"type": "TextBlock", "text": "Your order is on its way", "wrap": True},
    ]
    assert server.last["actions"] == [{"type": "Action.OpenUrl", "title": "Track it", "url": TRACK["url"]}]


@pytest.mark.parametrize("piece", ["x", "é", "👩🏽‍🚀", '"\\', "\x00\n-"])
async def test_the_request_stays_within_28_kb_when_the_text_is_long(
    server: TeamsServer, teams: Teams, piece: str
) -> None:
    long = {"label": "y" * 100, "url": "https://shop.example/" + "y" * 1_900}
    report = await teams.send(title="Ü" * 1_000, body="Begin " + piece * 30_000 + ".", actions=[long] * 9)
    assert report.outcome is OK
    (request,) = server.sink.requests
    assert 27_900 < len(request.body) <= 28_000
    shown = server.last["body"][1]["text"].removeprefix("Begin ").removesuffix("…")
    assert set(shown.replace("👩🏽‍🚀", "")) <= set(piece)
    assert len(server.last["actions"]) == 6


@pytest.mark.parametrize(("title", "body"), [("Alone", ""), ("\x00", "Alone")])
async def test_one_text_alone_is_enough(server: TeamsServer, teams: Teams, title: str, body: str) -> None:
    assert (await teams.send(title=title, body=body)).outcome is OK
    assert [element["text"] for element in server.last["body"]] == ["Alone"]


async def test_nothing_is_sent_when_there_is_nothing_to_show(server: TeamsServer, teams: Teams) -> None:
    report = await teams.send(title="\x00", body="\n \n")
    assert (report.outcome, report.error_code) == (RECIPIENT, "teams.empty_text")
    assert not server.sink.requests


async def test_a_connector_that_answers_200_took_it(server: TeamsServer, teams: Teams) -> None:
    server.stage(200, "1")
    assert (await teams.send()).outcome is OK


@pytest.mark.parametrize(
    ("status", "body", "outcome", "word", "gone"),
    [
        (404, workflow_error("WorkflowNotFound", "gone"), RECIPIENT, "workflow_not_found", True),
        (400, workflow_error("WorkflowTriggerIsNotEnabled", "trigger is not enabled"),
         RECIPIENT, "workflow_disabled", False),
        (400, workflow_error("WorkflowTriggerIsNotEnabled", "trigger 'manual' with state 'Deleted'"),
         RECIPIENT, "workflow_disabled", True),
        (401, workflow_error("DirectApiAuthorizationRequired", "no"), RECIPIENT, "unauthorized", False),
        (403, workflow_error("AuthorizationFailed", "no"), RECIPIENT, "unauthorized", False),
        (410, "Connector configuration not found", RECIPIENT, "http_410", True),
        (404, "<html>", RECIPIENT, "http_404", False),
        (403, "<html>", PROVIDER, "http_403", False),
        (400, workflow_error("TriggerInputSchemaMismatch", "mismatch"), PROVIDER, "http_400", False),
        (400, {"error": "no"}, PROVIDER, "http_400", False),
        (413, "Request Entity too large", PROVIDER, "http_413", False),
        (502, workflow_error("NoResponse", "The server did not receive a response"), RETRY, "http_502", False),
        (408, "", RETRY, "http_408", False),
        (200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 500",
         RETRY, "not_posted", False),
    ],
)  # fmt: skip
async def test_an_error_is_known_by_code_or_status(
    server: TeamsServer, teams: Teams, status: int, body: Json, outcome: AttemptOutcome, word: str, gone: bool
) -> None:
    server.stage(status, body)
    report = await teams.send()
    assert (report.outcome, report.error_code, report.gone) == (outcome, f"teams.{word}", gone)


async def test_a_workflow_that_is_gone_is_found_out_without_staging(server: TeamsServer, teams: Teams) -> None:
    teams.url = teams.url.replace(WORKFLOW, "deleted")
    report = await teams.send()
    assert (report.outcome, report.error_code, report.gone) == (RECIPIENT, "teams.workflow_not_found", True)


async def test_a_wrong_signature_ends_the_delivery_without_quoting_it(server: TeamsServer, teams: Teams) -> None:
    teams.url = teams.url.replace(SIGNATURE, "forged-signature")
    report = await teams.send()
    assert (report.outcome, report.error_code, report.status_code) == (RECIPIENT, "teams.unauthorized", 401)
    assert "forged-signature" not in repr(report)


async def test_retry_after_is_reported_when_there_was_too_much(server: TeamsServer, teams: Teams) -> None:
    server.stage(429, workflow_error("TooManyRequests", "Rate limit is exceeded."), retry_after="30")
    report = await teams.send()
    assert (report.outcome, report.error_code, report.retry_after) == (THROTTLED, "teams.throttled", 30.0)


async def test_too_much_is_noticed_when_a_connector_calls_it_200(server: TeamsServer, teams: Teams) -> None:
    words = (
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId"
    )
    server.stage(200, words)
    report = await teams.send()
    assert (report.outcome, report.error_code, report.detail) == (THROTTLED, "teams.throttled", words)


async def test_the_fault_is_the_providers_when_the_webhook_is_configured(server: TeamsServer, teams: Teams) -> None:
    assert (await teams.send(configured=True)).outcome is OK
    server.stage(404, workflow_error("WorkflowNotFound", "gone"))
    report = await teams.send(configured=True)
    assert (report.outcome, report.error_code, report.gone) == (PROVIDER, "teams.workflow_not_found", False)


async def test_the_signature_stays_out_when_the_server_repeats_it(server: TeamsServer, teams: Teams) -> None:
    server.stage(500, f"failed at {teams.url} with {SIGNATURE}")
    report = await teams.send()
    assert report.detail is not None
    assert SIGNATURE not in repr(report)
    assert SIGNATURE not in repr(TeamsAccount(webhook_url=teams.url))


async def test_b30_a_blocked_webhook_ends_the_delivery_when_the_recipient_gave_it(sink: HttpSink) -> None:
    async with outbound_client() as closed:
        own = await Teams(sink, closed).send()
        configured = await Teams(sink, closed).send(configured=True)
    assert (own.outcome, own.error_code) == (RECIPIENT, "teams.blocked")
    assert (configured.outcome, sink.connections) == (PROVIDER, 0)


@pytest.mark.parametrize(
    ("address", "word"),
    [({}, "no_address"), ({"teams": {}}, "no_address"), ({"teams": {"webhookUrl": "teams"}}, "invalid_address")],
)
async def test_an_address_that_is_none_ends_the_delivery(address: dict[str, JsonValue], word: str) -> None:
    client = RecordingHttpClient()
    report = await TeamsProvider("teams", TeamsAccount(), client, CLOCK).send(chat_message(address))
    assert (report.outcome, report.error_code) == (RECIPIENT, f"teams.{word}")
    assert not client.requests
