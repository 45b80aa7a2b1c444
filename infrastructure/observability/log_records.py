"""The way of one line: structlog call or stdlib record, then event, then the record that sinks hold."""

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from structlog.typing import EventDict, Processor, WrappedLogger

from infrastructure.observability.contextvars_trace import open_trace

EVENT_ATTRIBUTE: Final = "carillon_event"
_FIELDS_ATTRIBUTE: Final = "carillon_fields"
_NO_FIELDS: Final = frozenset({"event", "exc_info", "stack_info"})


def to_stdlib(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> tuple[tuple[str], dict[str, object]]:
    """structlog's last processor: message and fields on a stdlib record, so that every handler can read the message."""
    event = str(event_dict.pop("event", ""))
    exc_info = _exc_info(event_dict.pop("exc_info", None))
    stack_info = bool(event_dict.pop("stack_info", False))
    return (event,), {"exc_info": exc_info, "stack_info": stack_info, "extra": {_FIELDS_ATTRIBUTE: event_dict}}


def with_fields(record: logging.LogRecord, fields: dict[str, object]) -> logging.LogRecord:
    """The record with fields, as `to_stdlib` has them: some names are not fields."""
    if not _NO_FIELDS.isdisjoint(fields):
        raised = _exc_info(fields.get("exc_info"))
        if raised is not None:
            record.exc_info = (type(raised), raised, raised.__traceback__)
        fields = {name: value for name, value in fields.items() if name not in _NO_FIELDS}
    record.__dict__[_FIELDS_ATTRIBUTE] = fields
    return record


def finished(record: logging.LogRecord, redact: Processor) -> logging.LogRecord:
    """A new record that holds nothing but the redacted event: no arguments and no exception with its frames."""
    redacted = redact(None, "", _raw_event(record))
    if not isinstance(redacted, Mapping):
        raise TypeError(f"a redactor returns a mapping, not {type(redacted).__name__}")
    return _carrier(record, redacted)


def loss_notice(sink: str, lines: int) -> logging.LogRecord:
    """The warning that `sink` gets once it can be written to again."""
    record = logging.makeLogRecord({"name": "carillon.log", "levelno": logging.WARNING, "levelname": "WARNING"})
    return _carrier(record, {"event": "log.lines_lost", "sink": sink, "lines": lines})


def _exc_info(given: object) -> BaseException | None:
    """What logging accepts as `exc_info`; anything else would make the handlers of others fail."""
    match given:
        case BaseException():
            return given
        case (_, BaseException() as raised, _):
            return raised
        case True:
            return sys.exception()
        case _:
            return None


def _raw_event(record: logging.LogRecord) -> EventDict:
    trace = open_trace()
    event: EventDict = {"event": _message(record)}
    if trace is not None:
        event.update(trace.fields, request_id=trace.request_id)
    event.update(getattr(record, _FIELDS_ATTRIBUTE, {}))
    if record.exc_info and record.exc_info[1] is not None:
        event["error_type"] = type(record.exc_info[1]).__qualname__
        event["exception"] = "".join(traceback.format_exception(*record.exc_info))
    if record.stack_info:
        event["stack"] = record.stack_info
    return {name: value for name, value in event.items() if value is not None}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library that gave arguments which do not fit its message still deserves its line
        return f"{record.msg!s} {record.args!r}"


def _carrier(record: logging.LogRecord, event: Mapping[str, object]) -> logging.LogRecord:
    trace = open_trace()
    spans = {"trace_id": trace.trace_id, "span_id": trace.span_id} if trace else {}
    head = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event.get("event"),
        **spans,
    }
    # Not by its constructor, which asks for the time, the thread and the process once more: a tenth of a line's cost.
    carrier = logging.LogRecord.__new__(logging.LogRecord)
    carrier.levelno, carrier.levelname, carrier.name = record.levelno, record.levelname, record.name
    carrier.msg, carrier.args, carrier.exc_info = head["event"], None, None
    carrier.__dict__[EVENT_ATTRIBUTE] = {**head, **{name: event[name] for name in event if name not in head}}
    return carrier
