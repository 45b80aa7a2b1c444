"""Amazon SES, once as moto plays it and once as its API reference says."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import aioboto3
import pytest
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.aws_client import AwsAccount
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.ses import SesProvider
from infrastructure.memory.fixed_clock import FixedClock
from tests.integration.channels import vendor_messages
from tests.integration.channels.aws_server import KEY_ID, REGION, SECRET, SesServer
from tests.integration.channels.http_sink import answer, hang, http_sink, raw, reset
from tests.integration.channels.vendor_messages import DELIVERY, NOON

OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT
AMBIGUOUS = AttemptOutcome.AMBIGUOUS
SENDER = "no-reply@carillon.example"
MOTO_ACCOUNT = "123456789012"


def message(**changes: Any) -> OutboundMessage:
    return vendor_messages.message(Channel.EMAIL, **{"address": {"email": "ada@example.com", "name": "Ada"}, **changes})


def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> None:
    """A machine whose role is what `variables` say."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nowhere = {name: str(folder / "none") for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")}
    for name, value in {"AWS_EC2_METADATA_DISABLED": "true", **nowhere, **variables}.items():
        monkeypatch.setenv(name, value)


async def sent_by_the_role(endpoint_url: str) -> SendReport:
    composer = EmailComposer(SENDER, FixedClock(NOON))
    ses = SesProvider("ses", AwsAccount(region=REGION, endpoint_url=endpoint_url), composer)
    try:
        return await ses.send(message())
    finally:
        await ses.stop()


def provider(
    endpoint_url: str, *, secret: str = SECRET, configuration_set: str | None = None, timeout: float = 10.0
) -> SesProvider:
    account = AwsAccount(
        region=REGION, access_key_id=KEY_ID, secret_access_key=secret, endpoint_url=endpoint_url or None
    )
    composer = EmailComposer(f"Carillon <{SENDER}>", FixedClock(NOON))
    return SesProvider("ses", account, composer, configuration_set=configuration_set, timeout=timeout)


async def reset_by_peer(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    socket = writer.get_extra_info("socket")
    socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    await reset(writer)


@pytest.fixture
async def server() -> AsyncIterator[SesServer]:
    async with http_sink() as sink:
        yield SesServer(sink)


@pytest.fixture
async def ses(server: SesServer) -> AsyncIterator[SesProvider]:
    ses = provider(server.url)
    await ses.start()
    yield ses
    await ses.stop()


@pytest.fixture
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    ses_backends.reset()


async def verify_sender(url: str) -> None:
    session = aioboto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name=REGION)
    async with session.client("sesv2", endpoint_url=url) as client:
        await client.create_email_identity(EmailIdentity=SENDER)


async def test_moto_takes_the_mail_when_the_sender_is_verified(moto_url: str) -> None:
    await verify_sender(moto_url)
    ses = provider(moto_url)
    report = await ses.send(message(title="Größe 🎉"))
    await ses.stop()
    (sent,) = ses_backends[MOTO_ACCOUNT][REGION].sent_messages
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, sent.id)
    assert sent.source == SENDER
    assert "ada@example.com" in sent.destinations
    assert message_from_bytes(sent.raw_data.encode(), policy=default)["Subject"] == "Größe 🎉"


async def test_moto_refuses_the_mail_when_the_sender_is_not_verified(moto_url: str) -> None:
    ses = provider(moto_url)
    report = await ses.send(message())
    await ses.stop()
    assert (report.outcome, report.status_code, report.error_code) == (OURS, 400, "ses.message_rejected")
    assert SENDER in (report.detail or "")


async def test_the_mail_is_whole_and_tagged_when_it_is_accepted(server: SesServer, ses: SesProvider) -> None:
    url = "https://carillon.example/u/1"
    report = await ses.send(message(html="<p>Grüße</p>", unsubscribe_url=url))
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, "0100-1")
    (sent,) = server.accepted
    assert sent["FromEmailAddress"] == SENDER
    assert sent["Destination"] == {"ToAddresses": ["ada@example.com"]}
    assert sent["EmailTags"] == [{"Name": "delivery_id", "Value": str(DELIVERY)}]
    assert "ConfigurationSetName" not in sent
    mail = message_from_bytes(sent["raw"], policy=default)
    assert mail["From"] == f"Carillon <{SENDER}>"
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Grüße</p>"


async def test_the_configuration_set_is_named_when_there_is_one(server: SesServer) -> None:
    ses = provider(server.url, configuration_set="receipts")
    assert (await ses.send(message())).outcome is OK
    await ses.stop()
    assert server.accepted[0]["ConfigurationSetName"] == "receipts"


@pytest.mark.parametrize(
    ("status", "code", "words", "outcome", "error_code"),
    [
        (429, "TooManyRequestsException", "Too many requests", THROTTLED, "ses.throttled"),
        (400, "Throttling", "Maximum sending rate exceeded.", THROTTLED, "ses.throttled"),
        (400, "ThrottlingException", "Rate exceeded", THROTTLED, "ses.throttled"),
        (400, "Throttling", "Daily message quota exceeded", OURS, "ses.quota_exceeded"),
        (400, "LimitExceededException", "Too many instances", OURS, "ses.limit_exceeded"),
        (400, "MessageRejected", "Email address is not verified.", OURS, "ses.message_rejected"),
        (400, "MessageRejected", "Address blacklisted.", RECIPIENT, "ses.invalid_recipient"),
        (400, "BadRequestException", "Missing final '@domain'", RECIPIENT, "ses.invalid_recipient"),
        (400, "BadRequestException", "Domain contains illegal character", RECIPIENT, "ses.invalid_recipient"),
        (400, "BadRequestException", "Local address contains illegal character", RECIPIENT, "ses.invalid_recipient"),
        (400, "BadRequestException", "Tag name is not valid", OURS, "ses.bad_request"),
        (400, "SendingPausedException", "Sending is paused", OURS, "ses.sending_paused"),
        (400, "AccountSendingPausedException", "Sending is paused", OURS, "ses.account_sending_paused"),
        (400, "AccountSuspendedException", "Account suspended", OURS, "ses.account_suspended"),
        (400, "MailFromDomainNotVerifiedException", "MX", OURS, "ses.mail_from_domain_not_verified"),
        (404, "NotFoundException", "Configuration set <x> does not exist", OURS, "ses.not_found"),
        (403, "AccessDeniedException", "not authorized to perform ses:SendEmail", OURS, "ses.access_denied"),
        (403, "UnrecognizedClientException", "The security token is invalid", OURS, "ses.unrecognized_client"),
        (403, "ExpiredTokenException", "The security token has expired", OURS, "ses.expired_token"),
        (500, "InternalFailure", "an unknown error", RETRYABLE, "ses.internal_failure"),
        (503, "ServiceUnavailable", "a temporary failure", RETRYABLE, "ses.service_unavailable"),
        (400, "\u00e9" * 3 + "X" * 500, "odd", OURS, "ses." + "x" * 40),
        (400, "", "", OURS, "ses.unknown"),
    ],
)
async def test_an_error_is_classified_when_ses_names_it(
    server: SesServer, ses: SesProvider, status: int, code: str, words: str, outcome: AttemptOutcome, error_code: str
) -> None:
    server.stage_refusal(status, code, words)
    report = await ses.send(message())
    assert (report.outcome, report.status_code, report.error_code) == (outcome, status, error_code)
    assert report.detail == (words or None)
    assert len(server.sink.requests) == 1  # the library tries nothing again by itself


async def test_a_page_of_a_proxy_counts_by_its_status_when_it_is_no_answer_of_ses(
    server: SesServer, ses: SesProvider
) -> None:
    server.stage(502, b"<html>Bad gateway</html>", content_type="text/html")
    report = await ses.send(message())
    assert (report.outcome, report.status_code) == (RETRYABLE, 502)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (reset, "reset"),
        (reset_by_peer, "reset"),
        (raw(b""), "reset"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), "reset"),
        (answer(200, b"{not json"), "protocol"),
        (answer(200, b"[]"), "protocol"),
        (answer(200, b""), "protocol"),
        (answer(200, b'{"MessageId": null}'), "protocol"),
        (raw(b"220 smtp.example.com ESMTP\r\n"), "protocol"),
    ],
)
async def test_the_outcome_is_open_when_no_whole_answer_came(
    server: SesServer, ses: SesProvider, reply: Any, reason: str
) -> None:
    server.sink.replies.append(reply)
    report = await ses.send(message())
    assert (report.outcome, report.error_code) == (AMBIGUOUS, f"ses.{reason}")
    assert (await ses.send(message())).outcome is OK


async def test_a_repeat_is_safe_when_nobody_listens() -> None:
    async with http_sink() as sink:
        url = sink.url("")
    ses = provider(url)
    report = await ses.send(message())
    await ses.stop()
    assert (report.outcome, report.error_code) == (RETRYABLE, "ses.connect")


async def test_a_repeat_is_safe_when_the_endpoint_speaks_no_tls(server: SesServer) -> None:
    server.sink.accept = raw(b"220 smtp.example.com ESMTP\r\n")
    ses = provider(server.url.replace("http:", "https:"))
    report = await ses.send(message())
    await ses.stop()
    assert (report.outcome, report.error_code) == (RETRYABLE, "ses.tls")


async def test_the_outcome_is_open_when_no_answer_came_in_time(server: SesServer) -> None:
    ses = provider(server.url, timeout=0.5)
    await ses.start()
    server.sink.replies.append(hang)
    report = await ses.send(message())
    await ses.stop()
    assert (report.outcome, report.error_code) == (AMBIGUOUS, "ses.timeout")


async def test_it_is_a_matter_of_configuration_when_the_secret_is_wrong(server: SesServer) -> None:
    ses = provider(server.url, secret="of-somebody-else")
    report = await ses.send(message())
    await ses.stop()
    assert (report.outcome, report.error_code) == (OURS, "ses.signature_does_not_match")
    assert not server.accepted


async def test_the_role_of_the_machine_sends_when_no_keys_are_given(
    server: SesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path, AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
    assert (await sent_by_the_role(server.url)).outcome is OK


async def test_it_is_a_matter_of_configuration_when_the_machine_has_no_role(
    server: SesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path)
    report = await sent_by_the_role(server.url)
    assert (report.outcome, report.error_code) == (OURS, "ses.no_credentials_error")
    assert not server.sink.requests


async def test_start_says_so_when_the_endpoint_is_no_url() -> None:
    ses = provider("nonsense")
    with pytest.raises(ValueError, match="endpoint"):
        await ses.start()
    report = await ses.send(message())
    assert report.outcome is OURS


async def test_proxies_of_the_environment_are_not_asked(server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ses = provider(server.url)
    assert (await ses.send(message())).outcome is OK
    await ses.stop()


async def test_it_connects_again_when_it_was_stopped(server: SesServer, ses: SesProvider) -> None:
    assert (await ses.send(message())).outcome is OK
    await ses.stop()
    assert (await ses.send(message())).outcome is OK
    assert server.sink.connections == 2


async def test_nothing_is_asked_when_the_address_is_none(server: SesServer, ses: SesProvider) -> None:
    report = await ses.send(message(address={"email": "ada@example.com\r\nBcc: eve@example.com"}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "email.invalid_address")
    assert not server.sink.requests


async def test_one_connection_serves_many_when_they_come_one_after_another(server: SesServer, ses: SesProvider) -> None:
    for _ in range(5):
        assert (await ses.send(message())).outcome is OK
    assert server.sink.connections == 1


async def test_one_client_is_made_when_the_first_sends_come_at_once(server: SesServer) -> None:
    ses = provider(server.url)
    reports = await asyncio.gather(*(ses.send(message()) for _ in range(10)))
    await ses.stop()
    assert {report.outcome for report in reports} == {OK}


@pytest.mark.parametrize("half", [{"access_key_id": "A"}, {"secret_access_key": "B"}])
def test_half_a_pair_of_keys_is_refused(half: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="access key"):
        AwsAccount(region=REGION, **half)


def test_an_account_does_not_show_its_secrets() -> None:
    shown = repr(AwsAccount(region=REGION, access_key_id=KEY_ID, secret_access_key=SECRET, session_token="t0ken"))
    assert KEY_ID in shown
    assert SECRET not in shown
    assert "t0ken" not in shown
