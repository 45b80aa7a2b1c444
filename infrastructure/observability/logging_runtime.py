"""Logging of the process, from start to stop."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

from application.ports.metrics import Metrics
from infrastructure.observability.buffered_sink import BufferedSink
from infrastructure.observability.log_funnel import LogFunnel
from infrastructure.observability.log_records import to_stdlib
from infrastructure.observability.null_metrics import NullMetrics
from infrastructure.observability.redaction import Redactor
from infrastructure.observability.rendering import LineFormat, line_formatter
from infrastructure.observability.rotating_file import LineStream, RotatingLogFile
from infrastructure.observability.stdlib_loggers import LoggerState, adopt_library_loggers, keep_quiet

_STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingOptions:
    """What operators choose. `level` is any name of the logging module, in any case; `directory` is made where needed.

    The file is `<directory>/app-<env>.log`, kept below `max_bytes`, with `backup_count` older ones beside it.
    `sinks` are `console` and `file`; none is silence. `capacity` is the number of lines that each sink buffers;
    `redact_keys` are further names of secret fields.
    """

    env: str
    level: str = "info"
    line_format: LineFormat = "json"
    sinks: tuple[str, ...] = ("console",)
    directory: Path = Path("logs")
    max_bytes: int = 5 * 1024 * 1024
    backup_count: int = 5
    redact_keys: tuple[str, ...] = ()
    capacity: int = 10_000


class LoggingRuntime:
    """Logging as it runs, from `start_logging` to `stop`."""

    def __init__(self, level: int, redact: Processor, sinks: Sequence[BufferedSink], metrics: Metrics) -> None:
        self._sinks = sinks
        self._stopped = False
        # Made after the sinks' handlers: logging.shutdown() closes the youngest first, so what is buffered still gets
        # out of a process that ends without stop().
        self._undo = _attach(LogFunnel(redact, sinks, metrics, closed=self.stop), level)
        for sink in sinks:
            sink.start()

    def lost(self) -> Mapping[str, Mapping[str, int]]:
        """Lines that did not reach a sink, by sink and reason."""
        return {sink.name: sink.lost() for sink in self._sinks}

    def set_level(self, name: str) -> None:
        """Write lines from this level on, as `LoggingOptions.level` has it; nothing once it was stopped.

        Raises ValueError for an unknown level.
        """
        level = _level(name)
        if not self._stopped:
            logging.getLogger().setLevel(level)
            keep_quiet(level)

    def stop(self, timeout: float = _STOP_SECONDS) -> bool:
        """Flush, close and leave the logging module as it was. Idempotent.

        False if some sink did not take its lines within `timeout` seconds, which is for all of them together.
        """
        if self._stopped:
            return True
        self._stopped = True
        self._undo()
        deadline = monotonic() + timeout
        in_time = [sink.stop(max(0.0, deadline - monotonic())) for sink in self._sinks]
        return all(in_time)


def start_logging(
    options: LoggingOptions, *, metrics: Metrics | None = None, stream: TextIO | None = None
) -> LoggingRuntime:
    """Lead every line of the process, ours and those of libraries, through redaction into the chosen sinks.

    One runtime at a time: an earlier one is flushed and stopped. The console is stderr (or `stream`), since stdout
    belongs to the output of commands. Raises ValueError for an unknown level or sink, OSError when the file cannot
    be opened.
    """
    level = _level(options.level)
    counted = metrics or NullMetrics()
    handlers = {name: _handler(name, options, stream or sys.stderr) for name in options.sinks}
    _stop_earlier()
    sinks = [
        BufferedSink(name, handler, capacity=options.capacity, metrics=counted) for name, handler in handlers.items()
    ]
    return LoggingRuntime(level, Redactor(options.redact_keys), sinks, counted)


def _level(name: str) -> int:
    level = logging.getLevelNamesMapping().get(name.upper())
    if level is None:
        raise ValueError(f"no log level is called {name!r}")
    return level


def _handler(name: str, options: LoggingOptions, stream: TextIO) -> logging.Handler:
    match name:
        case "console":
            handler: logging.Handler = LineStream(stream)
        case "file":
            handler = _file(options)
        case _:
            raise ValueError(f"no log sink is called {name!r}")
    handler.setFormatter(line_formatter(options.line_format, colours=name == "console" and stream.isatty()))
    return handler


def _file(options: LoggingOptions) -> logging.Handler:
    options.directory.mkdir(parents=True, exist_ok=True)
    return RotatingLogFile(
        options.directory / f"app-{options.env}.log",
        maxBytes=options.max_bytes,
        backupCount=options.backup_count,
        encoding="utf-8",
    )


def _stop_earlier() -> None:
    for handler in list(logging.getLogger().handlers):
        if isinstance(handler, LogFunnel):
            handler.close()


def _attach(funnel: LogFunnel, level: int) -> Callable[[], None]:
    """Put `funnel` in charge; returns what takes everything back."""
    root = logging.getLogger()
    before = (LoggerState.of(root), *adopt_library_loggers(level))
    # What basicConfig() left would show each line a second time, and unredacted.
    root.handlers[:] = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]
    root.addHandler(funnel)
    root.setLevel(level)
    logging.captureWarnings(True)
    restore_structlog = _lead_structlog_to_stdlib()

    def undo() -> None:
        logging.captureWarnings(False)
        restore_structlog()
        for state in before:
            state.restore()

    return undo


def _lead_structlog_to_stdlib() -> Callable[[], None]:
    earlier = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, to_stdlib],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        context_class=dict,
        cache_logger_on_first_use=False,
    )
    return partial(structlog.configure, **earlier) if earlier else structlog.reset_defaults
