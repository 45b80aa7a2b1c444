"""A gateway's request as configuration writes it, and its placeholders filled in.

A template is taken apart before anything is filled in: what a value contains never becomes syntax.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from application.ports.notification_channel import JsonValue

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")
_PLACEHOLDERS: Final = frozenset({"to", "digits", "text", "id", "from"})
_URL = re.compile(r"https?://[^/?#\\{}\s]+(?:[/?][!-~]*)?")
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")
_CONTENT_TYPES: Final = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGateway:
    """What a gateway wants to be asked, and what it answers.

    Placeholders: `{to}` (E.164), `{digits}` (the same without `+`), `{text}`, `{id}` (of the delivery) and `{from}`
    (`sender`). They stand in path and query of the URL, in values of headers and of the body; `{text}` not in a path,
    where two dots would lead elsewhere, nor in a header. `body` is JSON or a form (`to={to}&text={text}`), as
    `body_format` says; None where the URL says it all. `recipient_statuses` are answers that blame the number.
    `message_id_path` leads into a JSON answer: `messages.0.id`.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    body_format: Literal["json", "form"] = "json"
    sender: str = ""
    success_statuses: tuple[int, ...] = (200, 201, 202, 204)
    recipient_statuses: tuple[int, ...] = ()
    message_id_path: str | None = None


class GatewayTemplate:
    """Raises ValueError, which quotes no value, for a gateway that cannot be asked."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._url = gateway.url
        self._headers = {name.lower(): value for name, value in gateway.headers.items()}
        self._form = gateway.body_format == "form"
        self._body = _parsed(gateway.body, form=self._form)
        if gateway.body is not None:
            self._headers = {"content-type": _CONTENT_TYPES[gateway.body_format], **self._headers}
        self._check(gateway)

    def url(self, values: Mapping[str, str]) -> str:
        return _filled(self._url, values, lambda value: quote(value, safe=""))

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return {name: _filled(value, values) for name, value in self._headers.items()}

    def body(self, values: Mapping[str, str]) -> bytes:
        if self._body is None:
            return b""
        filled = _filled_json(self._body, values)
        return urlencode(filled).encode("ascii") if self._form else msgspec.json.encode(filled)

    def secrets(self) -> tuple[str, ...]:
        """What was configured as a value and may be a credential: gateways repeat what they were asked."""
        texts = [*self._headers.values(), *dict(parse_qsl(urlsplit(self._url).query)).values(), *_texts(self._body)]
        fixed = [text for text in texts if not _PLACEHOLDER.search(text)]
        words = [word for text in fixed for word in (text, *text.split())]
        return tuple(word for word in words if len(word) >= _SHORTEST_SECRET)

    def _check(self, gateway: SmsGateway) -> None:
        if gateway.method not in _METHODS:
            raise ValueError(f"the method must be one of {', '.join(sorted(_METHODS))}")
        if not _URL.fullmatch(gateway.url):
            raise ValueError("the URL must begin with http:// or https:// and a host that is fixed")
        if "{text}" in gateway.url.partition("?")[0]:
            raise ValueError("the text must not be part of the path of the URL")
        for name, value in gateway.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value) or "{text}" in value:
                raise ValueError("a header must be plain ASCII without the text")
        used = {word for text in (self._url, *self._headers.values(), *_texts(self._body)) for word in _words(text)}
        if used - _PLACEHOLDERS:
            raise ValueError(f"the placeholders are {', '.join(sorted(_PLACEHOLDERS))}")
        if "text" not in used or not used & {"to", "digits"}:
            raise ValueError("the request must carry the number and the text")


def _parsed(body: str | None, *, form: bool) -> JsonValue:
    if body is None:
        return None
    if form:
        return _parsed_form(body)
    try:
        parsed = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError("the body is no JSON") from error
    if not isinstance(parsed, dict | list):
        raise ValueError("the body must be a JSON object or array")
    return parsed


def _parsed_form(body: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        # Not as its cause: it quotes the field.
        raise ValueError("the body is no form") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("the body has a field twice")
    return fields


def _filled(template: str, values: Mapping[str, str], written: Callable[[str], str] = str) -> str:
    # In one pass: a text that contains `{id}` keeps it.
    return _PLACEHOLDER.sub(lambda match: written(values[match[1]]), template)


def _filled_json(template: JsonValue, values: Mapping[str, str]) -> JsonValue:
    match template:
        case str():
            return _filled(template, values)
        case dict():
            return {key: _filled_json(value, values) for key, value in template.items()}
        case list():
            return [_filled_json(value, values) for value in template]
        case _:
            return template


def _texts(template: JsonValue) -> list[str]:
    match template:
        case str():
            return [template]
        case dict():
            return [text for value in template.values() for text in _texts(value)]
        case list():
            return [text for value in template for text in _texts(value)]
        case _:
            return []


def _words(text: str) -> list[str]:
    return _PLACEHOLDER.findall(text)
