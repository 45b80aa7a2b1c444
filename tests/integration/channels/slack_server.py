"""Slack: an incoming webhook and the Web API."""

from typing import Final

from tests.integration.channels.chat_server import ChatServer, Json, Refusal, body_of, strict, text
from tests.integration.channels.http_sink import HttpSink, Received

HOOK: Final = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TOKEN: Final = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"
TS: Final = "1503435956.000247"
_HEADER = strict(
    {"type": {"const": "header"}, "text": strict({"type": {"const": "plain_text"}, "text": text(150)})},
    {"block_id": text(255)},
)
_SECTION = strict(
    {"type": {"const": "section"}, "text": strict({"type": {"const": "mrkdwn"}, "text": text(3_000)})},
    {"block_id": text(255)},
)
_LABEL = strict({"type": {"const": "plain_text"}, "text": text(75)})
_BUTTON = strict({"type": {"const": "button"}, "text": _LABEL, "url": text(3_000)})
_ACTIONS = strict(
    {"type": {"const": "actions"}, "elements": {"type": "array", "items": _BUTTON, "minItems": 1, "maxItems": 25}}
)
_BLOCKS = {"type": "array", "minItems": 1, "maxItems": 50, "items": {"oneOf": [_HEADER, _SECTION, _ACTIONS]}}
_CONTENT = {"text": text(40_000), "blocks": _BLOCKS}
_HOOKED = strict(_CONTENT)
_POSTED = strict({"channel": text(80), **_CONTENT})
_UPDATED = strict({"channel": text(80), "ts": {"type": "string", "pattern": r"^\d+\.\d+$"}, **_CONTENT})


class SlackServer(ChatServer):
    """`updated` are the bodies that replaced the message `TS`; no other message is known."""

    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.updated: list[dict[str, Json]] = []

    def judge(self, request: Received) -> tuple[int, Json]:
        if request.method != "POST":
            raise Refusal(405, "method_not_allowed")
        if request.headers.get("content-type") != "application/json; charset=utf-8":
            raise Refusal(400, "invalid_payload")
        if request.target == HOOK:
            self.accepted.append(body_of(request, _HOOKED, Refusal(400, "invalid_payload")))
            return 200, "ok"
        if request.target.startswith("/services/"):
            raise Refusal(404, "no_service")
        return self._called(request)

    def _called(self, request: Received) -> tuple[int, Json]:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(200, {"ok": False, "error": "invalid_auth"})
        bad = Refusal(200, {"ok": False, "error": "invalid_blocks"})
        if request.target == "/api/chat.postMessage":
            body = body_of(request, _POSTED, bad)
            self.accepted.append(body)
            return 200, {"ok": True, "channel": body["channel"], "ts": TS, "message": {"type": "message", "ts": TS}}
        if request.target == "/api/chat.update":
            body = body_of(request, _UPDATED, bad)
            if body["ts"] != TS:
                raise Refusal(200, {"ok": False, "error": "message_not_found"})
            self.updated.append(body)
            return 200, {"ok": True, "channel": body["channel"], "ts": TS, "text": body["text"]}
        raise Refusal(200, {"ok": False, "error": "unknown_method"})
