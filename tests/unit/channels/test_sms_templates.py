"""What a gateway may be asked."""

from typing import Any

import pytest

from infrastructure.channels.sms.http_template import GatewayTemplate, SmsGateway

GOOD = {"url": "https://sms.example/send", "body": '{"to": "{to}", "text": "{text}"}'}


def template(**changes: Any) -> GatewayTemplate:
    return GatewayTemplate(SmsGateway(**{**GOOD, **changes}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "DELETE"}, "method"),
        ({"method": "POST / HTTP/1.1\r\nX: y"}, "method"),
        ({"url": "https://{to}.sms.example/send"}, "host"),
        ({"url": "{to}://sms.example/send"}, "host"),
        ({"url": "https://sms.example{to}/send"}, "host"),
        ({"url": "https://sms.example\\{to}/send"}, "host"),
        ({"url": "https://sms.example/send\r\nx"}, "host"),
        ({"url": "sms.example/send"}, "host"),
        ({"url": "ftp://sms.example/send"}, "host"),
        ({"url": "https://sms.example/{text}?to={to}", "body": None}, "path"),
        ({"url": "https://sms.example/{phone}"}, "placeholders"),
        ({"body": '{"to": "{number}", "text": "{text}"}'}, "placeholders"),
        ({"body": '{"to": "{to}"}'}, "number and the text"),
        ({"body": '{"text": "{text}"}'}, "number and the text"),
        ({"body": None}, "number and the text"),
        ({"body": '{"to": {to}, "text": "{text}"}'}, "no JSON"),
        ({"body": '"{to} {text}"'}, "object or array"),
        ({"body": "s3cret", "body_format": "form"}, "no form"),
        ({"body": "to={to}&to=s3cret&text={text}", "body_format": "form"}, "twice"),
        ({"headers": {"x-text": "{text}"}}, "header"),
        ({"headers": {"x": "s3cret\r\ny: z"}}, "header"),
        ({"headers": {"x": "größe"}}, "header"),
        ({"headers": {"x y": "z"}}, "header"),
        ({"headers": {"x": "{nobody}"}}, "placeholders"),
    ],
)
def test_a_gateway_that_cannot_be_asked_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        template(**changes)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "PUT"},
        {"body": '["{digits}", {"a": [null, 1.5, "{text}"]}]'},
        {"body": "to={to}&text={text}", "body_format": "form"},
        {"url": "https://sms.example/{to}?t={text}", "body": None, "method": "GET"},
        {"headers": {"idempotency-key": "{id}"}},
    ],
)
def test_a_gateway_that_can_be_asked_is_taken(changes: dict[str, Any]) -> None:
    template(**changes)


def test_what_is_short_or_filled_in_is_no_secret() -> None:
    found = template(url="https://sms.example/?key=longer-than-five&a=b&id={id}", headers={"x-id": "{id}"}).secrets()
    assert "longer-than-five" in found
    assert not any("{" in secret or secret == "b" for secret in found)
