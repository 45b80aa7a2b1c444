"""A log that can be read back in the same process."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.log import Log
from application.ports.trace_context import Trace
from infrastructure.observability.contextvars_trace import open_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One line as the caller wrote it, with the fields of its trace; not redacted."""

    level: str
    event: str
    fields: Mapping[str, object]
    exc: BaseException | None = None
    trace_id: str | None = None


class MemoryLog(Log):
    """Keeps the last `capacity` lines for tests; older ones are forgotten."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._lines: deque[LoggedEvent] = deque(maxlen=capacity)

    def debug(self, event: str, /, **fields: object) -> None:
        self._write("debug", event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        self._write("error", event, fields)

    def critical(self, event: str, /, **fields: object) -> None:
        self._write("critical", event, fields)

    def exception(self, event: str, exc: BaseException, /, **fields: object) -> None:
        self._write("error", event, fields, exc)

    def lines(self, event: str | None = None) -> tuple[LoggedEvent, ...]:
        """What was written, oldest first; with `event` only the lines of that name."""
        return tuple(line for line in self._lines if event is None or line.event == event)

    def _write(self, level: str, event: str, fields: dict[str, object], exc: BaseException | None = None) -> None:
        trace = open_trace()
        merged = {**_of(trace), **fields} if trace else fields
        trace_id = trace.trace_id if trace else None
        self._lines.append(LoggedEvent(level=level, event=event, fields=merged, exc=exc, trace_id=trace_id))


def _of(trace: Trace) -> dict[str, object]:
    return dict(trace.fields) if trace.request_id is None else {**trace.fields, "request_id": trace.request_id}
