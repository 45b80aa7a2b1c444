import logging
from threading import Event

from infrastructure.observability.buffered_sink import LOST_TOTAL, BufferedSink
from infrastructure.observability.log_records import EVENT_ATTRIBUTE
from infrastructure.observability.memory_metrics import MemoryMetrics


class _Gate(logging.Handler):
    """Takes lines once it is open; fails on those that are called `broken`."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open, self.told, self.closed = Event(), Event(), Event(), Event()
        self.taken: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.reached.set()
        assert self.open.wait(5)
        if record.msg == "broken":
            raise OSError("no space left on device")
        event = getattr(record, EVENT_ATTRIBUTE, {})
        self.taken.append(f"{event['event']} {event['lines']}" if event else record.msg)
        if event:
            self.told.set()

    def close(self) -> None:
        self.closed.set()
        super().close()


def line(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text})


def test_drops_the_newest_and_counts_them_when_the_buffer_is_full() -> None:
    metrics, gate = MemoryMetrics(), _Gate()
    sink = BufferedSink("file", gate, capacity=2, metrics=metrics)
    sink.start()
    sink.offer(line("1"))
    assert gate.reached.wait(5)  # taken out of the buffer, held at the gate
    for text in ("2", "3", "4", "5", "6"):
        sink.offer(line(text))

    assert sink.lost() == {"overflow": 3}
    assert metrics.count(LOST_TOTAL, sink="file", reason="overflow") == 3
    gate.open.set()
    assert sink.stop(5)
    assert gate.taken == ["1", "2", "3", "log.lines_lost 3"]


def test_says_how_many_are_missing_when_it_can_write_again() -> None:
    gate = _Gate()
    sink = BufferedSink("console", gate, capacity=1, metrics=MemoryMetrics())
    for text in ("1", "2", "3"):
        sink.offer(line(text))
    gate.open.set()
    sink.start()
    assert gate.told.wait(5)
    sink.offer(line("4"))
    sink.stop(5)
    assert gate.taken == ["1", "log.lines_lost 2", "4"]


def test_goes_on_and_counts_when_the_handler_fails() -> None:
    metrics, gate = MemoryMetrics(), _Gate()
    gate.open.set()
    sink = BufferedSink("file", gate, capacity=10, metrics=metrics)
    sink.start()
    for text in ("1", "broken", "2"):
        sink.offer(line(text))
    sink.stop(5)
    assert gate.taken == ["1", "2"]
    assert sink.lost() == {"failed": 1}
    assert metrics.count(LOST_TOTAL, sink="file", reason="failed") == 1


def test_writes_what_is_buffered_and_closes_when_stopped() -> None:
    gate = _Gate()
    gate.open.set()
    sink = BufferedSink("file", gate, capacity=1_000, metrics=MemoryMetrics())
    for number in range(500):
        sink.offer(line(str(number)))
    sink.start()
    assert sink.stop(5)
    assert len(gate.taken) == 500
    assert gate.closed.is_set()


def test_gives_up_in_time_when_the_handler_is_stuck() -> None:
    gate = _Gate()
    sink = BufferedSink("console", gate, capacity=1, metrics=MemoryMetrics())
    sink.start()
    sink.offer(line("1"))
    assert gate.reached.wait(5)
    sink.offer(line("2"))
    assert not sink.stop(0.05)
    gate.open.set()
