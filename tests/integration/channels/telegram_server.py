"""Telegram's Bot API."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from tests.integration.channels.chat_server import ChatServer, Json, Refusal, body_of, strict, text
from tests.integration.channels.http_sink import HttpSink, Received

TOKEN: Final = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
CHAT: Final = 123456789
MESSAGE_ID: Final = 4711
_ENTITY = re.compile(r"&(?!(lt|gt|amp|quot|#\d+|#x[0-9a-f]+);)")
_BUTTON = strict({"text": text(64), "url": text(2_048)})
_KEYBOARD = strict(
    {"inline_keyboard": {"type": "array", "items": {"type": "array", "items": _BUTTON, "minItems": 1}, "maxItems": 100}}
)
_CONTENT = {"chat_id": {"type": ["integer", "string"]}, "text": {"type": "string"}, "parse_mode": {"const": "HTML"}}
_SENT = strict(_CONTENT, {"reply_markup": _KEYBOARD})
_EDITED = strict({**_CONTENT, "message_id": {"type": "integer"}}, {"reply_markup": _KEYBOARD})


def refusal(status: int, description: str, **parameters: int) -> Refusal:
    body: dict[str, Json] = {"ok": False, "error_code": status, "description": description}
    return Refusal(status, {**body, "parameters": parameters} if parameters else body)


class TelegramServer(ChatServer):
    """Knows one bot and one chat; `edited` are the bodies that replaced the message `MESSAGE_ID`, and `shown` the
    texts of `accepted` without their markup.
    """

    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.edited: list[dict[str, Json]] = []
        self.shown: list[str] = []

    def judge(self, request: Received) -> tuple[int, Json]:
        if not request.target.startswith(f"/bot{TOKEN}/"):
            raise refusal(401, "Unauthorized")
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            raise refusal(400, "Bad Request: message text is empty")
        match request.target.rpartition("/")[2]:
            case "sendMessage":
                return self._sent(body_of(request, _SENT, refusal(400, "Bad Request: can't parse parameters")))
            case "editMessageText":
                return self._edited(body_of(request, _EDITED, refusal(400, "Bad Request: can't parse parameters")))
        raise refusal(404, "Not Found")

    def _sent(self, body: dict[str, Json]) -> tuple[int, Json]:
        shown = _checked(body)
        self.accepted.append(body)
        self.shown.append(shown)
        return 200, {"ok": True, "result": {"message_id": MESSAGE_ID, "chat": {"id": CHAT}, "text": shown}}

    def _edited(self, body: dict[str, Json]) -> tuple[int, Json]:
        _checked(body)
        if body["message_id"] != MESSAGE_ID:
            raise refusal(400, "Bad Request: message to edit not found")
        if body in self.edited:
            raise refusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the"
                " same as a current content and reply markup of the message",
            )
        self.edited.append(body)
        return 200, {"ok": True, "result": {"message_id": MESSAGE_ID, "chat": {"id": CHAT}}}


def _checked(body: dict[str, Json]) -> str:
    if str(body["chat_id"]) != str(CHAT):
        raise refusal(400, "Bad Request: chat not found")
    seen = _Seen(body["text"])
    if not seen.text.strip():
        raise refusal(400, "Bad Request: message text is empty")
    if len(seen.text.encode("utf-16-le")) // 2 > 4_096:
        raise refusal(400, "Bad Request: message is too long")
    return seen.text


class _Seen(HTMLParser):
    """What is left of the markup when it is shown; only bold is understood here."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        if _ENTITY.search(markup):
            raise refusal(400, "Bad Request: can't parse entities: Unsupported entity")
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "b" or attrs:
            raise refusal(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}" at byte offset 0')

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_entityref(self, name: str) -> None:
        self.text += unescape(f"&{name};")
