"""SendGrid's `POST /v3/mail/send`, as its API reference describes it."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from tests.integration.channels.http_sink import HttpSink, Received
from tests.integration.channels.vendor_server import VendorServer, Verdict

KEY = "SG.k3yOfTheTests.0123456789abcdefghijklmnopqrstuvwxyz"

_MAILBOX = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {
        "email": {"type": "string", "pattern": r"^[!-~]+@[!-~]+$"},
        "name": {"type": "string", "minLength": 1, "pattern": r"^[^\r\n]*$"},
    },
}
_STRINGS = {"type": "object", "additionalProperties": {"type": "string", "pattern": r"^[^\r\n]*$"}}
_RESERVED = (
    "x-sg-id|x-sg-eid|received|dkim-signature|content-type|content-transfer-encoding|to|from|subject|reply-to|cc|bcc"
)
_SCHEMA = {
    "type": "object",
    "required": ["personalizations", "from", "subject", "content"],
    "additionalProperties": False,
    "properties": {
        "personalizations": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["to"],
                "additionalProperties": False,
                "properties": {"to": {"type": "array", "minItems": 1, "items": _MAILBOX}, "custom_args": _STRINGS},
            },
        },
        "from": _MAILBOX,
        "subject": {"type": "string", "minLength": 1, "pattern": r"^[^\r\n]*$"},
        "content": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "additionalProperties": False,
                "properties": {
                    "type": {"type": "string", "enum": ["text/plain", "text/html"]},
                    "value": {"type": "string", "minLength": 1},
                },
            },
        },
        "headers": {**_STRINGS, "propertyNames": {"not": {"pattern": f"(?i)^({_RESERVED})$"}}},
    },
}


class SendGridServer(VendorServer):
    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.accepted: list[dict[str, Any]] = []  # Any: bodies as they came

    def judge(self, request: Received) -> Verdict:
        if (request.method, request.target) != ("POST", "/v3/mail/send"):
            return refusal(404, "not found")
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.headers.get("content-type") != "application/json":
            return refusal(415, "Content-Type should be application/json.")
        body = json.loads(request.body)
        for problem in Draft202012Validator(_SCHEMA).iter_errors(body):
            return refusal(400, problem.message, field=".".join(str(step) for step in problem.absolute_path))
        kinds = [part["type"] for part in body["content"]]
        if kinds != sorted(kinds, reverse=True):
            return refusal(
                400, "If present, text/plain and text/html may only be provided once, in this order.", "content"
            )
        self.accepted.append(body)
        return Verdict(202, headers={"x-message-id": f"sg-{len(self.accepted)}"})


def refusal(status: int, message: str, field: str | None = None) -> Verdict:
    errors = [{"message": message, "field": field, "help": None}]
    return Verdict(status, json.dumps({"errors": errors}).encode(), {"content-type": "application/json"})
