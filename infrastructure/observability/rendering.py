"""One redacted event as one line of text."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict

from infrastructure.observability.log_records import EVENT_ATTRIBUTE
from infrastructure.observability.redaction import TRACEBACK_KEYS

LineFormat = Literal["console", "json"]

# Legal in JSON, yet a terminal or a log viewer that shows the line would act upon them: DEL, C1 controls, line and
# paragraph separators, bidirectional overrides.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class LineFormatter(logging.Formatter):
    """Lets stdlib handlers write the event that a record carries."""

    def __init__(self, render: Callable[[EventDict], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        # A renderer takes the event apart, and other sinks still need it.
        return self._render(dict(getattr(record, EVENT_ATTRIBUTE)))


def line_formatter(line_format: LineFormat, *, colours: bool) -> LineFormatter:
    """`console` is for people, `json` for machines: one object a line."""
    return LineFormatter(render_json if line_format == "json" else console_renderer(colours=colours))


def render_json(event: Mapping[str, object]) -> str:
    """Values are what `Redactor` returns."""
    line = msgspec.json.encode(event).decode()
    if line.isascii() and "\x7f" not in line:
        return line
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def console_renderer(*, colours: bool) -> Callable[[EventDict], str]:
    """One line for an event, and below it the traceback, indented so that its text cannot pass for an event."""
    structured = ConsoleRenderer(
        colors=colours, force_colors=colours, sort_keys=False, exception_formatter=plain_traceback, pad_event_to=24
    )

    def render(event: EventDict) -> str:
        escaped = {_escape(name): _for_console(name, value) for name, value in event.items()}
        return str(structured(None, "", escaped))

    return render


def _for_console(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value  # containers are shown by repr, which escapes
    if name in TRACEBACK_KEYS:
        return "\n".join(f"    | {_escape(line)}" for line in value.splitlines())
    return _escape(value)  # structlog quotes what has spaces, and leaves control characters as they are


def _escape(text: str) -> str:
    """Control characters, newlines and escape sequences made visible: what a client sent never moves the cursor."""
    return text if text.isprintable() else repr(text)[1:-1]
