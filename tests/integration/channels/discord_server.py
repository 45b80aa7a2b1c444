"""Discord: a webhook and its messages."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.integration.channels.chat_server import ChatServer, Json, Refusal, body_of, strict, text
from tests.integration.channels.http_sink import HttpSink, Received

WEBHOOK_ID: Final = "223704706495545344"
WEBHOOK_TOKEN: Final = (
    "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba2939e72279b94526ff5d1bd4358d65cf11"
)
HOOK: Final = f"/api/webhooks/{WEBHOOK_ID}/{WEBHOOK_TOKEN}"
MESSAGE_ID: Final = "1185000000000000001"
INVALID_FORM_BODY: Final = {"message": "Invalid Form Body", "code": 50035, "errors": {"embeds": {"_errors": []}}}
_EMBED = {
    **strict({}, {"title": text(256), "description": text(4_096), "color": {"type": "integer", "maximum": 0xFFFFFF}}),
    "minProperties": 1,
}
_BUTTON = strict({"type": {"const": 2}, "style": {"const": 5}, "label": text(80), "url": text(512)})
_ROW = strict({"type": {"const": 1}, "components": {"type": "array", "items": _BUTTON, "minItems": 1, "maxItems": 5}})
_MESSAGE = strict(
    {
        "embeds": {"type": "array", "items": _EMBED, "minItems": 1, "maxItems": 10},
        "allowed_mentions": strict({"parse": {"const": []}}),
    },
    {"components": {"type": "array", "items": _ROW, "minItems": 1, "maxItems": 5}},
)


class DiscordServer(ChatServer):
    """`edited` are the bodies that replaced the message `MESSAGE_ID`; `queries` those of what was posted."""

    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.edited: list[dict[str, Json]] = []
        self.queries: list[dict[str, list[str]]] = []

    def judge(self, request: Received) -> tuple[int, Json]:
        if not request.headers.get("user-agent", "").startswith("DiscordBot ("):
            raise Refusal(403, "error code: 1010")
        if request.headers.get("content-type") != "application/json":
            raise Refusal(400, INVALID_FORM_BODY)
        target = urlsplit(request.target)
        message = target.path.removeprefix(f"{HOOK}/messages/")
        if target.path != HOOK and message == target.path:
            raise Refusal(404, {"message": "Unknown Webhook", "code": 10015})
        body = body_of(request, _MESSAGE, Refusal(400, INVALID_FORM_BODY))
        if ("components" in body) != ("with_components=true" in target.query):
            raise Refusal(400, INVALID_FORM_BODY)
        if request.method == "PATCH":
            return self._patched(message, body)
        query = parse_qs(target.query)
        if request.method != "POST" or query.pop("wait", []) != ["true"]:
            raise Refusal(405, {"message": "405: Method Not Allowed", "code": 0})
        self.accepted.append(body)
        self.queries.append(query)
        return 200, {"id": MESSAGE_ID, "type": 0, "channel_id": "1", "webhook_id": WEBHOOK_ID, **body}

    def _patched(self, message: str, body: dict[str, Json]) -> tuple[int, Json]:
        if message != MESSAGE_ID:
            raise Refusal(404, {"message": "Unknown Message", "code": 10008})
        self.edited.append(body)
        return 200, {"id": MESSAGE_ID, "webhook_id": WEBHOOK_ID, **body}
