"""Amazon SNS, once as moto plays it and once as its API reference says."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.aws_client import AwsAccount
from infrastructure.channels.sms.sns import SnsProvider
from tests.integration.channels import vendor_messages
from tests.integration.channels.aws_server import KEY_ID, REGION, SECRET, SnsServer
from tests.integration.channels.http_sink import answer, hang, http_sink, reset

OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT
AMBIGUOUS = AttemptOutcome.AMBIGUOUS
PHONE = "+491701234567"
MOTO_ACCOUNT = "123456789012"


def message(**changes: Any) -> OutboundMessage:
    return vendor_messages.message(Channel.SMS, **{"address": {"phone": PHONE}, **changes})


def provider(endpoint_url: str, *, secret: str = SECRET, **options: Any) -> SnsProvider:
    account = AwsAccount(region=REGION, access_key_id=KEY_ID, secret_access_key=secret, endpoint_url=endpoint_url)
    return SnsProvider("sns", account, **options)


@pytest.fixture
async def server() -> AsyncIterator[SnsServer]:
    async with http_sink() as sink:
        yield SnsServer(sink)


@pytest.fixture
async def sns(server: SnsServer) -> AsyncIterator[SnsProvider]:
    sns = provider(server.url, refused_prefixes=["+4990"])
    await sns.start()
    yield sns
    await sns.stop()


@pytest.fixture
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    sns_backends.reset()


async def test_moto_takes_the_message_as_it_was_written(moto_url: str) -> None:
    sns = provider(moto_url, sender_id="Carillon")
    report = await sns.send(message(body="Größe & 50% 🎉"))
    await sns.stop()
    assert (report.outcome, report.status_code) == (OK, 200)
    sent = sns_backends[MOTO_ACCOUNT][REGION].sms_messages
    assert sent == {report.message_id: (PHONE, "Größe & 50% 🎉")}


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {"AWS.SNS.SMS.SMSType": "Transactional"}),
        (
            {"sms_type": "Promotional", "sender_id": "Carillon", "origination_number": "+15005550006"},
            {
                "AWS.SNS.SMS.SMSType": "Promotional",
                "AWS.SNS.SMS.SenderID": "Carillon",
                "AWS.MM.SMS.OriginationNumber": "+15005550006",
            },
        ),
    ],
)
async def test_the_request_is_the_documented_one(
    server: SnsServer, options: dict[str, str], attributes: dict[str, str]
) -> None:
    sns = provider(server.url, **options)
    report = await sns.send(message())
    await sns.stop()
    assert (report.outcome, report.message_id) == (OK, "sns-1")
    (sent,) = server.accepted
    assert (sent["Action"], sent["PhoneNumber"], sent["Message"]) == ("Publish", PHONE, "Your order is on its way")
    entries = [f"MessageAttributes.entry.{number}." for number in range(1, len(attributes) + 1)]
    assert {sent[f"{entry}Name"]: sent[f"{entry}Value.StringValue"] for entry in entries} == attributes
    assert {sent[f"{entry}Value.DataType"] for entry in entries} == {"String"}


@pytest.mark.parametrize(
    ("status", "code", "words", "outcome", "error_code"),
    [
        (
            400,
            "InvalidParameter",
            f"Invalid parameter: PhoneNumber Reason: {PHONE} is not valid to publish to",
            RECIPIENT,
            "invalid_number",
        ),
        (400, "InvalidParameterValue", "Phone number does not meet the E164 format", RECIPIENT, "invalid_number"),
        (400, "InvalidParameter", "Invalid parameter: SenderID", OURS, "invalid_parameter"),
        (400, "ValidationException", "validation error", OURS, "validation"),
        (403, "AuthorizationError", "not authorized to perform: SNS:Publish", OURS, "authorization_error"),
        (403, "InvalidClientTokenId", "The security token is invalid", OURS, "invalid_client_token_id"),
        (403, "InvalidSecurity", "the credential is of another region", OURS, "invalid_security"),
        (429, "Throttled", "Rate exceeded", THROTTLED, "throttled"),
        (400, "Throttling", "Rate exceeded", THROTTLED, "throttled"),
        (429, "SomethingNew", "Rate exceeded", THROTTLED, "throttled"),
        (500, "InternalError", "try later", RETRYABLE, "internal_error"),
        (503, "ServiceUnavailable", "try later", RETRYABLE, "service_unavailable"),
    ],
)
async def test_an_error_is_classified_when_sns_names_it(
    server: SnsServer, sns: SnsProvider, status: int, code: str, words: str, outcome: AttemptOutcome, error_code: str
) -> None:
    server.stage_refusal(status, code, words)
    report = await sns.send(message())
    assert (report.outcome, report.status_code, report.error_code) == (outcome, status, f"sns.{error_code}")
    assert (report.detail, report.gone) == (words, False)
    assert len(server.sink.requests) == 1


@pytest.mark.parametrize(
    ("code", "words"), [("OptedOut", "no more"), ("InvalidParameter", "Invalid parameter: Phone number is opted out")]
)
async def test_the_number_is_gone_when_its_owner_opted_out(
    server: SnsServer, sns: SnsProvider, code: str, words: str
) -> None:
    server.stage_refusal(400, code, words)
    report = await sns.send(message())
    assert (report.outcome, report.error_code, report.gone) == (RECIPIENT, "sns.opted_out", True)


@pytest.mark.parametrize(
    ("reply", "outcome", "error_code"),
    [
        (reset, AMBIGUOUS, "sns.reset"),
        (answer(200, b"not xml"), AMBIGUOUS, "sns.protocol"),
        (answer(200, b"<html>Please log in to the network</html>"), AMBIGUOUS, "sns.protocol"),
        (answer(400, b"not xml"), AMBIGUOUS, "sns.protocol"),
        (answer(503, b"<html>Service unavailable</html>"), RETRYABLE, None),
    ],
)
async def test_the_next_send_works_when_no_sense_could_be_made_of_an_answer(
    server: SnsServer, sns: SnsProvider, reply: Any, outcome: AttemptOutcome, error_code: str | None
) -> None:
    server.sink.replies.append(reply)
    report = await sns.send(message())
    assert report.outcome is outcome
    assert error_code in {None, report.error_code}
    assert (await sns.send(message())).outcome is OK


async def test_the_outcome_is_open_when_no_answer_came_in_time(server: SnsServer) -> None:
    sns = provider(server.url, timeout=0.5)
    await sns.start()
    server.sink.replies.append(hang)
    report = await sns.send(message())
    await sns.stop()
    assert (report.outcome, report.error_code) == (AMBIGUOUS, "sns.timeout")


async def test_it_is_a_matter_of_configuration_when_the_secret_is_wrong(server: SnsServer) -> None:
    sns = provider(server.url, secret="of-somebody-else")
    report = await sns.send(message())
    await sns.stop()
    assert (report.outcome, report.error_code) == (OURS, "sns.signature_does_not_match")


@pytest.mark.parametrize(("letter", "kept"), [("a", 1_600), ("é", 1_600), ("😀", 800)])
async def test_a_text_is_cut_between_characters_when_it_is_too_long(
    server: SnsServer, sns: SnsProvider, letter: str, kept: int
) -> None:
    assert (await sns.send(message(body=letter * 2_000))).outcome is OK
    assert server.accepted[0]["Message"] == letter * kept


@pytest.mark.parametrize(
    ("phone", "word"), [("+49" + "1" * 38, "invalid_number"), ("+49900123456", "refused_prefix"), ("", "no_address")]
)
async def test_b19_nothing_is_asked_when_the_number_will_not_do(
    server: SnsServer, sns: SnsProvider, phone: str, word: str
) -> None:
    report = await sns.send(message(address={"phone": phone}))
    assert (report.outcome, report.error_code) == (RECIPIENT, f"sms.{word}")
    assert not server.sink.requests
