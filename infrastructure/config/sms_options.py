"""What SMS gateways are told, each by the last part of its keys."""

import json
import re
from typing import Annotated, Literal

from infrastructure.config.parsers import http_url, matching, words
from infrastructure.config.problems import Unacceptable
from infrastructure.config.provider_options import AN_ADDRESS, AwsOptions, Timed
from infrastructure.config.section import hidden, key

_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_PREFIX = re.compile(r"\+[0-9]{1,15}", re.ASCII)


def prefixes(text: str) -> tuple[str, ...]:
    """`+4990,+882` → `("+4990", "+882")`."""
    if not all(_PREFIX.fullmatch(word) for word in words(text)):
        raise Unacceptable("must be beginnings of numbers such as +4990, separated by commas")
    return words(text)


def statuses(text: str) -> tuple[int, ...]:
    """`200, 202` → `(200, 202)`."""
    if not all(_STATUS.fullmatch(word) for word in words(text)):
        raise Unacceptable("must be HTTP statuses such as 200, separated by commas")
    return tuple(int(word) for word in words(text))


def header_lines(text: str) -> str:
    """A JSON object of texts, as text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unacceptable("must be a JSON object of texts")
    return text


class SmsOptions(Timed, frozen=True, kw_only=True):
    """Whatever sends to phone numbers."""

    refused_prefixes: Annotated[
        tuple[str, ...],
        key(
            "REFUSED_PREFIXES",
            "Numbers that begin so are never sent to, since they cost too much.",
            parse=prefixes,
            expects="beginnings such as +4990, separated by commas",
        ),
    ] = ()


class TwilioOptions(SmsOptions, frozen=True, kw_only=True):
    """Twilio"""

    account_sid: Annotated[str, key("ACCOUNT_SID", "The account (AC…).", min_length=1, max_length=60)]
    auth_token: Annotated[str, key("AUTH_TOKEN", "Its token, or the secret of API_KEY_SID.", mask=hidden, min_length=1)]
    api_key_sid: Annotated[str | None, key("API_KEY_SID", "An API key (SK…) in place of the account's own token.")] = (
        None
    )
    sender: Annotated[
        str | None, key("FROM", "Who sends: a number of the account, or a name of letters and digits.")
    ] = None
    messaging_service_sid: Annotated[
        str | None, key("MESSAGING_SERVICE_SID", "A Messaging Service (MG…) that picks the sender.")
    ] = None
    status_callback: Annotated[
        str | None,
        key("STATUS_CALLBACK", "Address that receipts go to.", parse=http_url, expects=AN_ADDRESS),
    ] = None
    base_url: Annotated[str, key("BASE_URL", "Where Twilio is asked.", parse=http_url, expects=AN_ADDRESS)] = (
        "https://api.twilio.com"
    )


class SnsOptions(AwsOptions, frozen=True, kw_only=True):
    """Amazon SNS"""

    refused_prefixes: Annotated[
        tuple[str, ...],
        key(
            "REFUSED_PREFIXES",
            "Numbers that begin so are never sent to, since they cost too much.",
            parse=prefixes,
            expects="beginnings such as +4990, separated by commas",
        ),
    ] = ()
    sender_id: Annotated[
        str | None,
        key(
            "SENDER_ID",
            "Name that is shown where the country allows one.",
            parse=matching(r"^[A-Za-z0-9]{1,11}$", "1 to 11 letters and digits"),
            expects="1 to 11 letters and digits",
        ),
    ] = None
    origination_number: Annotated[
        str | None,
        key(
            "ORIGINATION_NUMBER",
            "Number of the account that sends.",
            parse=matching(r"^\+[0-9]{3,15}$", "a number such as +15005550006"),
            expects="a number such as +15005550006",
        ),
    ] = None
    sms_type: Annotated[
        Literal["Transactional", "Promotional"], key("SMS_TYPE", "Whether delivery or price comes first.")
    ] = "Transactional"


class GatewayOptions(SmsOptions, frozen=True, kw_only=True):
    """Any gateway that takes one HTTP request for each message"""

    url: Annotated[
        str,
        key(
            "URL",
            "Where each message goes; {to}, {digits}, {text}, {id} and {from} are filled in.",
            mask=hidden,
            expects="an address with a fixed host",
            min_length=1,
        ),
    ]
    method: Annotated[Literal["GET", "POST", "PUT", "PATCH"], key("METHOD", "How it is asked.")] = "POST"
    headers: Annotated[
        str | None,
        key("HEADERS", "Headers, credentials included.", parse=header_lines, expects="a JSON object", mask=hidden),
    ] = None
    body: Annotated[
        str | None, key("BODY", "What it is sent, with the same placeholders.", mask=hidden, expects="JSON or a form")
    ] = None
    body_format: Annotated[Literal["json", "form"], key("BODY_FORMAT", "Which of both the body is.")] = "json"
    sender: Annotated[str, key("FROM", "What {from} stands for.", max_length=60)] = ""
    success_statuses: Annotated[
        tuple[int, ...],
        key("SUCCESS_STATUSES", "Answers that mean it was taken.", parse=statuses, expects="HTTP statuses"),
    ] = (200, 201, 202, 204)
    recipient_statuses: Annotated[
        tuple[int, ...],
        key("RECIPIENT_STATUSES", "Answers that blame the number.", parse=statuses, expects="HTTP statuses"),
    ] = ()
    message_id_path: Annotated[
        str | None, key("MESSAGE_ID_PATH", "Where in a JSON answer its message id stands: messages.0.id.")
    ] = None
    longest_text: Annotated[int, key("LONGEST_TEXT", "Longer texts are cut off, in UTF-16 units.", ge=1, le=10_000)] = (
        1_600
    )
