"""Meta's Graph API, as far as WhatsApp sends through it."""

import re
from typing import Final
from uuid import UUID

from tests.integration.channels.chat_server import ChatServer, Json, Refusal, body_of, strict, text
from tests.integration.channels.http_sink import Received

TOKEN: Final = "EAAJB9xn3lZA4BAFZAZBkq7ZCnZBQZCzxHcP0mY"
NUMBER_ID: Final = "106540352242922"
PATH: Final = f"/v23.0/{NUMBER_ID}/messages"
WAMID: Final = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3N0EyQUJDMjFEQzZCQUMzODMA"
_PARAMETER = strict({"type": {"const": "text"}, "text": text(1_024)})
_BODY = strict({"type": {"const": "body"}, "parameters": {"type": "array", "items": _PARAMETER}})
_TEMPLATE = strict(
    {
        "name": {"type": "string", "pattern": "^[a-z0-9_]{1,512}$"},
        "language": strict({"code": {"type": "string", "pattern": "^[a-z]{2,3}(_[A-Z]{2})?$"}}),
        "components": {"type": "array", "items": _BODY, "minItems": 1, "maxItems": 1},
    }
)
_ENVELOPE = {
    "messaging_product": {"const": "whatsapp"},
    "recipient_type": {"const": "individual"},
    "to": {"type": "string", "pattern": r"^\+?[1-9]\d{6,14}$"},
    "biz_opaque_callback_data": text(512),
}
_TEXT = strict({"preview_url": {"type": "boolean"}, "body": text(4_096)})
_MESSAGE = {
    "oneOf": [
        strict({**_ENVELOPE, "type": {"const": "text"}, "text": _TEXT}),
        strict({**_ENVELOPE, "type": {"const": "template"}, "template": _TEMPLATE}),
    ]
}
_MALFORMED = re.compile(r"[\n\t]| {5,}")


def graph_error(code: int, words: str, details: str = "") -> dict[str, Json]:
    error = {
        "message": f"(#{code}) {words}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details or words},
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }
    return {"error": error}


class WhatsAppServer(ChatServer):
    """Knows one sender. Templates have two parameters."""

    def judge(self, request: Received) -> tuple[int, Json]:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, graph_error(190, "Invalid OAuth access token - Cannot parse access token"))
        if request.method != "POST" or request.target != PATH:
            raise Refusal(400, graph_error(33, "Parameter value is not valid"))
        if request.headers.get("content-type") != "application/json":
            raise Refusal(400, graph_error(100, "Invalid parameter"))
        body = body_of(request, _MESSAGE, Refusal(400, graph_error(100, "Invalid parameter")))
        UUID(body["biz_opaque_callback_data"])
        if body["type"] == "template":
            _check_parameters([one["text"] for one in body["template"]["components"][0]["parameters"]])
        self.accepted.append(body)
        return 200, {
            "messaging_product": "whatsapp",
            "contacts": [{"input": body["to"], "wa_id": body["to"].lstrip("+")}],
            "messages": [{"id": WAMID, "message_status": "accepted"}],
        }


def _check_parameters(texts: list[str]) -> None:
    if len(texts) != 2:
        raise Refusal(400, graph_error(132000, "Number of parameters does not match the expected number of params"))
    if any(_MALFORMED.search(each) for each in texts):
        details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        raise Refusal(400, graph_error(100, "Invalid parameter", details))
