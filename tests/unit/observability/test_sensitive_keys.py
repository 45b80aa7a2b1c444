import pytest

from infrastructure.observability.sensitive_keys import Sensitivity, key_classifier


@pytest.mark.parametrize(
    "name",
    [
        "password", "PASSWORD", "smtp_password", "newPassword", "user-passwd", "pwd", "passphrase", "secret",
        "webhookSecret", "AUTH_SECRET_PREVIOUS", "token", "access_token", "accesstoken", "tokens", "Authorization",
        "proxy-authorization",
        "Cookie", "set-cookie", "api_key", "apiKey", "APIKey", "X-Api-Key", "credential", "credentials", "ticket",
        "sse_ticket", "body", "request_body", "bodyHtml", "payload", "content", "html", "otp", "pin", "jwt", "dsn",
        "private_key", "webhook-signature",
    ],
)  # fmt: skip
def test_name_announces_a_secret_when_it_says_so_in_any_spelling(name: str) -> None:
    assert key_classifier()(name) is Sensitivity.SECRET


@pytest.mark.parametrize(
    "name",
    [
        "api_key_id", "token_count", "ticketId", "secret_version", "content_type", "Content-Length", "body_bytes",
        "password_expires_at", "cookie_name", "key", "cache_key", "topic_key", "embodied", "spin", "status", "route",
        "", "email", "ключ", "trace_id",
    ],
)  # fmt: skip
def test_name_is_plain_when_it_only_speaks_about_a_secret_or_not_at_all(name: str) -> None:
    assert key_classifier()(name) is Sensitivity.PLAIN


@pytest.mark.parametrize("name", ["phone", "phoneNumber", "mobile", "recipient_phone", "MSISDN"])
def test_name_announces_a_phone_number_when_it_says_so(name: str) -> None:
    assert key_classifier()(name) is Sensitivity.PHONE


@pytest.mark.parametrize("name", ["iban", "customer_iban", "CustomerNumber", "customer-number-id"])
def test_name_announces_a_secret_when_the_operator_listed_it(name: str) -> None:
    assert key_classifier(["IBAN", "customer_number", ""])(name) is Sensitivity.SECRET
