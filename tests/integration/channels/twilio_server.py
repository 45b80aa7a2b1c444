"""Twilio's `POST /2010-04-01/Accounts/{sid}/Messages.json`, as its API reference describes it."""

import base64
import json
import re
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

from tests.integration.channels.http_sink import HttpSink, Received
from tests.integration.channels.vendor_server import VendorServer, Verdict

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "t0kenOfTheTests0123456789abcdef0"
SENDER = "+15005550006"

_KNOWN = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
_LONGEST = 1_600


class TwilioServer(VendorServer):
    """`users` are who may log in, with their secrets: the account itself, or a key of its own."""

    def __init__(self, sink: HttpSink, users: dict[str, str] | None = None) -> None:
        super().__init__(sink)
        self.accepted: list[dict[str, str]] = []
        self._logins = {
            "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
            for user, secret in (users or {ACCOUNT: TOKEN}).items()
        }

    def judge(self, request: Received) -> Verdict:
        if (request.method, request.target) != ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"):
            return refusal(404, 20404, f"The requested resource {request.target} was not found")
        if request.headers.get("authorization") not in self._logins:
            return refusal(401, 20003, "Authenticate")
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return refusal(415, 20415, "Unsupported media type")
        fields = dict(parse_qsl(request.body.decode("ascii"), strict_parsing=True))
        wrong = _wrong(fields)
        if wrong is not None:
            return refusal(400, *wrong)
        self.accepted.append(fields)
        return Verdict(201, created(len(self.accepted)), {"content-type": "application/json"})

    def delivery_ids(self) -> list[UUID]:
        """From what would come back with the receipts."""
        queries = (parse_qs(urlsplit(fields["StatusCallback"]).query) for fields in self.accepted)
        return [UUID(query["deliveryId"][0]) for query in queries]


def created(number: int, *, status: str = "queued", error_code: int | None = None) -> bytes:
    sid = f"SM{number:032x}"
    return json.dumps(
        {
            "sid": sid,
            "account_sid": ACCOUNT,
            "status": status,
            "error_code": error_code,
            "error_message": None,
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        }
    ).encode()


def refusal(status: int, code: int, message: str) -> Verdict:
    body = {"code": code, "message": message, "more_info": f"https://example.com/errors/{code}", "status": status}
    return Verdict(status, json.dumps(body).encode(), {"content-type": "application/json"})


def _wrong(fields: dict[str, str]) -> tuple[int, str] | None:
    to, body = fields.get("To", ""), fields.get("Body", "")
    callback = urlsplit(fields.get("StatusCallback", "https://example.com/"))
    rules = [
        (set(fields) <= _KNOWN, 20001, "Unknown parameters"),
        (re.fullmatch(r"\+[1-9]\d{6,14}", to), 21211, f"The 'To' number {to} is not a valid phone number."),
        (fields.get("From") or fields.get("MessagingServiceSid"), 21603, "A 'From' phone number is required."),
        (body, 21602, "Message body is required."),
        (len(body.encode("utf-16-le")) <= 2 * _LONGEST, 21617, "The body exceeds the 1600 character limit."),
        (callback.scheme in {"http", "https"} and callback.hostname, 21609, "The 'StatusCallback' URL is not valid."),
    ]
    return next(((code, words) for kept, code, words in rules if not kept), None)
