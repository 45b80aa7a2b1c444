"""The root handler: every line of the process passes here, whoever wrote it."""

import logging
from collections.abc import Callable, Sequence

from structlog.typing import Processor

from application.ports.metrics import Metrics
from infrastructure.observability.buffered_sink import FAILED, LOST_TOTAL, BufferedSink
from infrastructure.observability.log_records import finished


class LogFunnel(logging.Handler):
    """Makes a redacted event of a record in the thread that wrote it, where its trace is known; hands it to all sinks.

    `closed` is called when the logging module closes its handlers at the end of the process.
    """

    def __init__(
        self, redact: Processor, sinks: Sequence[BufferedSink], metrics: Metrics, closed: Callable[[], object]
    ) -> None:
        super().__init__()
        self._redact = redact
        self._sinks = sinks
        self._metrics = metrics
        self._closed_call = closed

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """No lock: nothing here is shared but the buffers, which have their own."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = finished(record, self._redact)
        except Exception:  # noqa: BLE001 - a line must never fail the work that it is about
            self._metrics.increment(LOST_TOTAL, sink="all", reason=FAILED)
            return
        for sink in self._sinks:
            sink.offer(line)

    def close(self) -> None:
        self._closed_call()
        super().close()
