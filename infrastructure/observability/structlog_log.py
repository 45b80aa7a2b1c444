"""The product's own log lines through structlog."""

import logging

import structlog

from application.ports.log import Log
from infrastructure.observability.log_records import to_stdlib


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
        self._write(logging.ERROR, event, {**fields, "exc_info": exc})

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._stdlib.isEnabledFor(level):
            # The fields are the context and not keywords, since a field may be called `event`, `level` or `self`.
            structlog.stdlib.BoundLogger(self._stdlib, [to_stdlib], fields).log(level, event)
