"""Slack's webhooks and Web API as documented."""

from collections.abc import AsyncIterator
from html import unescape

import pytest

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.slack import SlackAccount, SlackProvider
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from tests.integration.channels.chat_server import CLOCK, NOT_LINKED, TRACK, Json, chat_message, outbound_client
from tests.integration.channels.http_sink import HttpSink, http_sink
from tests.integration.channels.slack_server import HOOK, TOKEN, TS, SlackServer

OK = AttemptOutcome.OK
RETRY = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT
AMBIGUOUS = AttemptOutcome.AMBIGUOUS
CHANNEL = {"slack": {"channel": "C0123456789"}}


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
def server(sink: HttpSink) -> SlackServer:
    return SlackServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    async with outbound_client("127.0.0.0/8") as client:
        yield client


class Slack:
    """A provider and the address of the recipient's own webhook."""

    def __init__(self, sink: HttpSink, client: Httpx2HttpClient) -> None:
        self.own = {"slack": {"webhookUrl": sink.url(HOOK)}}
        self._sink, self._client = sink, client

    async def send(self, address: Json, account: SlackAccount | None = None, **fields: JsonValue) -> SendReport:
        account = account or SlackAccount(bot_token=TOKEN)
        provider = SlackProvider("slack", account, self._client, CLOCK, timeout=2, base_url=self._sink.url("/api"))
        assert provider.point == "slack"
        return await provider.send(chat_message(address, **fields))


@pytest.fixture
def slack(sink: HttpSink, client: Httpx2HttpClient) -> Slack:
    return Slack(sink, client)


async def test_a_webhook_gets_header_section_and_links(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(slack.own, actions=[*NOT_LINKED, TRACK])
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, None)
    assert server.last == {
        "text": "Größe\nYour order is on its way",
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": "Größe"},
                "block_id": "0190a1b2-0000-7000-8000-000000000001",
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "Your order is on its way"}},
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Track it"}, "url": TRACK["url"]}
                ],
            },
        ],
    }


async def test_a_bot_posts_to_the_channel_and_learns_the_ts(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(CHANNEL)
    assert (report.outcome, report.message_id) == (OK, TS)
    assert server.last["channel"] == "C0123456789"


async def test_the_recipients_own_token_is_used_when_there_is_one(server: SlackServer, slack: Slack) -> None:
    address = {"slack": {"channel": "C0123456789", "token": TOKEN}}
    assert (await slack.send(address, SlackAccount(bot_token="xoxb-another"))).outcome is OK
    address["slack"]["token"] = "xoxb-revoked"
    report = await slack.send(address)
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.invalid_auth")
    assert len(server.accepted) == 1


async def test_what_slack_would_interpret_is_escaped(server: SlackServer, slack: Slack) -> None:
    await slack.send(slack.own, title="<!channel> & co", body="<!channel> a < b && c > d <https://evil.example|bank>")
    header, section = server.last["blocks"]
    assert header["text"]["text"] == "<!channel> & co"  # plain_text is not interpreted
    assert section["text"]["text"] == (
        "&lt;!channel&gt; a &lt; b &amp;&amp; c &gt; d &lt;https://evil.example|bank&gt;"
    )
    assert "<" not in server.last["text"]


async def test_long_text_is_cut_without_tearing_entities_or_characters(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(slack.own, title="Ü\r\nbc" * 100, body="&" * 5_000)
    assert report.outcome is OK
    header, section = server.last["blocks"]
    assert "\n" not in header["text"]["text"]
    assert len(header["text"]["text"]) == 150
    shown = section["text"]["text"]
    assert 2_990 < len(shown) <= 3_000
    assert unescape(shown) == "&" * ((3_000 - 1) // 5) + "…"
    await slack.send(slack.own, body="👩‍👩‍👧" * 1_000)
    shown = server.last["blocks"][1]["text"]["text"]
    assert set(shown[:-1].split("👩‍👩‍👧")) == {""}


async def test_there_are_at_most_25_links_when_there_are_more_actions(server: SlackServer, slack: Slack) -> None:
    await slack.send(slack.own, actions=[{**TRACK, "label": "x" * 100}] * 30)
    elements = server.last["blocks"][-1]["elements"]
    assert len(elements) == 25
    assert {len(each["text"]["text"]) for each in elements} == {75}


async def test_a_message_without_a_body_has_a_header_alone(server: SlackServer, slack: Slack) -> None:
    await slack.send(slack.own, body="")
    assert [block["type"] for block in server.last["blocks"]] == ["header"]


async def test_nothing_is_sent_when_there_is_nothing_to_show(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(slack.own, title=" \x00\r\n", body=" \n")
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.empty_text")
    assert not server.sink.requests


async def test_the_replaced_message_is_updated_when_the_sender_names_it(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(CHANNEL, sequence_id="order-42", overrides={"slack": {"replaces": TS}})
    assert (report.outcome, report.message_id) == (OK, TS)
    assert not server.accepted
    assert server.updated[0]["ts"] == TS


async def test_a_message_is_posted_anew_when_the_old_one_cannot_be_updated(server: SlackServer, slack: Slack) -> None:
    report = await slack.send(CHANNEL, sequence_id="order-42", overrides={"slack": {"replaces": "1.2"}})
    assert (report.outcome, report.message_id) == (OK, TS)
    assert len(server.accepted) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"sequence_id": "order-42"},
        {"overrides": {"slack": {"replaces": TS}}},
        {"sequence_id": "order-42", "overrides": {"slack": TS}},
    ],
)
async def test_a_message_is_new_when_nothing_is_replaced(
    server: SlackServer, slack: Slack, fields: dict[str, JsonValue]
) -> None:
    assert (await slack.send(CHANNEL, **fields)).outcome is OK
    assert (len(server.accepted), len(server.updated)) == (1, 0)


@pytest.mark.parametrize(
    ("status", "word", "outcome", "gone"),
    [
        (400, "invalid_payload", PROVIDER, False),
        (400, "user_not_found", RECIPIENT, False),
        (400, "invalid_blocks", PROVIDER, False),
        (403, "action_prohibited", RECIPIENT, False),
        (403, "invalid_token", RECIPIENT, True),
        (403, "posting_to_general_channel_denied", RECIPIENT, False),
        (404, "channel_not_found", RECIPIENT, False),
        (404, "no_service", RECIPIENT, True),
        (404, "no_active_hooks", RECIPIENT, True),
        (404, "no_team", RECIPIENT, True),
        (500, "rollup_error", RETRY, False),
        (500, "internal surprise", RETRY, False),
    ],
)
async def test_a_webhooks_error_is_known_by_its_word(
    server: SlackServer, slack: Slack, status: int, word: str, outcome: AttemptOutcome, gone: bool
) -> None:
    server.stage(status, word)
    report = await slack.send(slack.own)
    assert (report.outcome, report.status_code, report.gone) == (outcome, status, gone)
    assert report.error_code == f"slack.{word}" if "_" in word else "slack.http_500"
    assert report.detail == word


async def test_an_archived_channel_ends_the_delivery(server: SlackServer, slack: Slack) -> None:
    server.stage(410, "channel_is_archived")
    report = await slack.send(slack.own)
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.channel_is_archived")


async def test_the_fault_is_the_providers_when_the_webhook_is_configured(
    sink: HttpSink, server: SlackServer, slack: Slack
) -> None:
    account = SlackAccount(webhook_url=sink.url(HOOK))
    assert (await slack.send({}, account)).outcome is OK
    server.stage(404, "no_service")
    report = await slack.send({}, account)
    assert (report.outcome, report.error_code, report.gone) == (PROVIDER, "slack.no_service", False)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("channel_not_found", RECIPIENT),
        ("is_archived", RECIPIENT),
        ("not_in_channel", RECIPIENT),
        ("restricted_action", RECIPIENT),
        ("invalid_auth", PROVIDER),
        ("account_inactive", PROVIDER),
        ("token_revoked", PROVIDER),
        ("missing_scope", PROVIDER),
        ("msg_too_long", PROVIDER),
        ("service_unavailable", RETRY),
        ("fatal_error", AMBIGUOUS),
        ("internal_error", AMBIGUOUS),
    ],
)
async def test_an_error_of_the_web_api_is_known_by_its_word(
    server: SlackServer, slack: Slack, word: str, outcome: AttemptOutcome
) -> None:
    server.stage(200, {"ok": False, "error": word})
    report = await slack.send(CHANNEL)
    assert (report.outcome, report.error_code, report.status_code) == (outcome, f"slack.{word}", 200)


@pytest.mark.parametrize("by_bot", [True, False])
async def test_retry_after_is_reported_when_there_was_too_much(server: SlackServer, slack: Slack, by_bot: bool) -> None:
    server.stage(429, {"ok": False, "error": "ratelimited"} if by_bot else "rate_limited", retry_after="30")
    report = await slack.send(CHANNEL if by_bot else slack.own)
    assert (report.outcome, report.error_code, report.retry_after) == (THROTTLED, "slack.throttled", 30.0)


async def test_a_200_that_is_not_slacks_is_no_success(server: SlackServer, slack: Slack) -> None:
    server.stage(200, "<html>Please log in to the network</html>")
    report = await slack.send(CHANNEL)
    assert (report.outcome, report.error_code) == (PROVIDER, "slack.http_200")


@pytest.mark.parametrize(
    ("target", "secret"),
    [
        (HOOK, HOOK.rpartition("/")[2]),
        ("/services/T1/B1/abcdefghijklmnop?token=s3cr3t-token", "s3cr3t-token"),
        ("/services/T1/B1/s3cr3t%2Dtoken", "s3cr3t-token"),
    ],
)
async def test_secrets_of_the_url_stay_out_when_the_server_repeats_them(
    server: SlackServer, slack: Slack, sink: HttpSink, target: str, secret: str
) -> None:
    server.stage(500, f"cannot handle {sink.url(target)} nor {target} nor {secret}")
    report = await slack.send({"slack": {"webhookUrl": sink.url(target)}})
    assert (report.outcome, report.detail is not None) == (RETRY, True)
    assert secret not in repr(report)
    assert sink.url() not in repr(report)


def test_secrets_stay_out_of_repr() -> None:
    account = SlackAccount(bot_token=TOKEN, webhook_url=f"https://hooks.slack.com{HOOK}")
    assert repr(account) == "SlackAccount()"


@pytest.mark.parametrize("url", ["hooks.slack.com/services/x", "ftp://hooks.slack.com/x", "https://[::1", "https://"])
async def test_a_webhook_that_is_no_url_ends_the_delivery(url: str) -> None:
    client = RecordingHttpClient()
    provider = SlackProvider("slack", SlackAccount(), client, CLOCK)
    report = await provider.send(chat_message({"slack": {"webhookUrl": url}}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.invalid_address")
    assert not client.requests


@pytest.mark.parametrize("address", [{}, {"slack": None}, {"slack": "C1"}, {"slack": {"webhookUrl": 7}}])
async def test_an_address_without_slack_ends_the_delivery(address: dict[str, JsonValue]) -> None:
    report = await SlackProvider("slack", SlackAccount(), RecordingHttpClient(), CLOCK).send(chat_message(address))
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.no_address")


async def test_a_channel_is_the_providers_problem_when_there_is_no_token(slack: Slack) -> None:
    report = await slack.send(CHANNEL, SlackAccount())
    assert (report.outcome, report.error_code) == (PROVIDER, "slack.no_token")


async def test_b30_a_blocked_webhook_ends_the_delivery_when_the_recipient_gave_it(sink: HttpSink) -> None:
    async with outbound_client() as closed:
        provider = SlackProvider("slack", SlackAccount(webhook_url=sink.url(HOOK)), closed, CLOCK)
        own = await provider.send(chat_message({"slack": {"webhookUrl": sink.url(HOOK)}}))
        configured = await provider.send(chat_message({}))
    assert (own.outcome, own.error_code, own.status_code) == (RECIPIENT, "slack.blocked", None)
    assert (configured.outcome, configured.error_code) == (PROVIDER, "slack.blocked")
    assert sink.connections == 0


async def test_b30_a_redirect_is_not_followed(server: SlackServer, slack: Slack) -> None:
    server.stage(302, "", location="http://169.254.169.254/latest/meta-data")
    report = await slack.send(slack.own)
    assert (report.outcome, report.error_code) == (RECIPIENT, "slack.http_302")
    assert len(server.sink.requests) == 1
