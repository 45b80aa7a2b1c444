"""The product's own log lines, as structlog's go: fields on a stdlib record."""

import logging
from types import TracebackType

from application.ports.log import Log
from infrastructure.observability.log_records import with_fields

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class StructlogLog(Log):
    """Writes to the stdlib logger `name`, so that level, redaction and sinks are those of `start_logging`.

    May be made before logging is started. Lines show `name` as `logger`.
    """

    def __init__(self, name: str = "carillon") -> None:
        self._stdlib = logging.getLogger(name)

    def debug(self, event: str, /, **fields: object) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        self._write(logging.ERROR, event, fields)

    def critical(self, event: str, /, **fields: object) -> None:
        self._write(logging.CRITICAL, event, fields)

    def exception(self, event: str, exc: BaseException, /, **fields: object) -> None:
        self._write(logging.ERROR, event, fields, (type(exc), exc, exc.__traceback__))

    def _write(self, level: int, event: str, fields: dict[str, object], exc_info: ExcInfo | None = None) -> None:
        if self._stdlib.isEnabledFor(level):
            # Not by the logger's own methods: who called is asked for at the price of a third of a line, and not shown.
            record = logging.LogRecord(self._stdlib.name, level, "", 0, event, None, exc_info)
            self._stdlib.handle(with_fields(record, fields))
