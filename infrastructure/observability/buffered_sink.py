"""A log destination behind a bounded buffer and a thread of its own."""

import logging
from collections import Counter
from collections.abc import Mapping
from queue import Full, Queue
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Final

from application.ports.metrics import Metrics
from infrastructure.observability.log_records import loss_notice

LOST_TOTAL: Final = "log_lines_lost_total"
# Whoever writes a line while the thread waits for one wakes it, and shares the interpreter with it at once.
REST_SECONDS: Final = 0.02
OVERFLOW: Final = "overflow"
FAILED: Final = "failed"


class BufferedSink:
    """Hands lines to a stdlib handler without making the writer of a line wait.

    Overflow policy: drop the newest and count it. A line that the handler could not write is counted too, and lost;
    `handler` must raise out of `handle`. Once the buffer is empty again, one warning says how many lines are missing.
    One thread for each sink, so that a stalled terminal does not hold up the file.
    """

    def __init__(self, name: str, handler: logging.Handler, *, capacity: int, metrics: Metrics) -> None:
        self.name = name
        self._handler = handler
        self._metrics = metrics
        self._buffer: Queue[logging.LogRecord | None] = Queue(maxsize=capacity)
        self._lost: Counter[str] = Counter()
        self._told = 0
        self._lock = Lock()
        self._thread = Thread(target=self._drain, name=f"log-{name}", daemon=True)

    def start(self) -> None:
        """Once, before the first `offer` is to be written."""
        self._thread.start()

    def offer(self, record: logging.LogRecord) -> None:
        """Never blocks and never raises."""
        try:
            self._buffer.put_nowait(record)
        except Full:
            self._lose(OVERFLOW)

    def lost(self) -> Mapping[str, int]:
        """Lines lost so far, by reason."""
        with self._lock:
            return dict(self._lost)

    def stop(self, timeout: float) -> bool:
        """Write what is buffered and close the handler; False if `timeout` seconds were not enough for that."""
        deadline = monotonic() + timeout
        try:
            self._buffer.put(None, timeout=timeout)
        except Full:
            return False
        self._thread.join(max(0.0, deadline - monotonic()))
        return not self._thread.is_alive()

    def _drain(self) -> None:
        while (record := self._buffer.get()) is not None:
            self._write(record)
            if self._buffer.empty():
                self._tell_what_is_missing()
                sleep(REST_SECONDS)
        self._tell_what_is_missing()
        try:
            self._handler.close()
        except Exception:  # noqa: BLE001 - the last flush of a full disk
            self._lose(FAILED)

    def _write(self, record: logging.LogRecord) -> None:
        try:
            self._handler.handle(record)
        except Exception:  # noqa: BLE001 - whatever a disk or a pipe does, the next line gets its chance
            self._lose(FAILED)

    def _tell_what_is_missing(self) -> None:
        with self._lock:
            overflowed = self._lost[OVERFLOW]
        if overflowed > self._told:
            self._write(loss_notice(self.name, overflowed - self._told))
            self._told = overflowed

    def _lose(self, reason: str) -> None:
        with self._lock:
            self._lost[reason] += 1
        self._metrics.increment(LOST_TOTAL, sink=self.name, reason=reason)
