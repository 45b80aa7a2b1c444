"""Against the reference verifier."""

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from infrastructure.channels.webhook.signature import signature_header, signing_keys

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"a":"\xc3\xa9"}'


def headers(secrets: str) -> dict[str, str]:
    timestamp = int(datetime.now(UTC).timestamp())
    signature = signature_header(signing_keys(secrets), message_id="msg_1", timestamp=timestamp, body=BODY)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), "whsec_YWJjZA", "whsec_YWJjZA=="])
def test_the_reference_verifier_accepts(secret: str) -> None:
    assert Webhook(secret).verify(BODY, headers(secret)) == {"a": "é"}


def test_both_receivers_accept_while_a_secret_is_rotated() -> None:
    signed = headers(f"{SECRET} {OTHER}")
    assert Webhook(SECRET).verify(BODY, signed)
    assert Webhook(OTHER).verify(BODY, signed)


@pytest.mark.parametrize("change", [{"webhook-id": "msg_2"}, {"webhook-timestamp": "1"}])
def test_the_reference_verifier_refuses_when_a_signed_part_changes(change: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers(SECRET) | change)


def test_the_reference_verifier_refuses_another_secret_and_another_body() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, headers(SECRET))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers(SECRET))


@pytest.mark.parametrize("secret", ["whsec_=", "whsec_!!!", "hunter2 is no base64?", "whsec_é"])
def test_a_secret_that_is_none_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="base64") as caught:
        signing_keys(secret)
    assert secret not in str(caught.value)


def test_no_secret_gives_no_key() -> None:
    assert signing_keys("") == ()
