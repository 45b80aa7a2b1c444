"""Logging as a process runs it: libraries, real files, threads, start and stop."""

import asyncio
import contextlib
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
import structlog

from app.bootstrap.logging import configure_logging
from infrastructure.config.log import LogSettings
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.logging_runtime import LoggingOptions, LoggingRuntime, start_logging
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.observability.structlog_log import StructlogLog
from infrastructure.system.ids import UuidV7Ids

Lines = Callable[[], list[dict[str, Any]]]  # Any: JSON read back


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def start(stream: io.StringIO) -> Iterator[Callable[..., LoggingRuntime]]:
    with contextlib.ExitStack() as started:

        def begin(**options: Any) -> LoggingRuntime:  # Any: whatever LoggingOptions takes
            runtime = start_logging(LoggingOptions(env="test", **options), stream=stream)
            started.callback(runtime.stop)
            return runtime

        yield begin


@pytest.fixture
def lines(start: Callable[..., LoggingRuntime], stream: io.StringIO) -> Lines:
    runtime = start(level="info")

    def read() -> list[dict[str, Any]]:
        runtime.stop()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return read


def test_line_has_the_documented_head_when_written(lines: Lines) -> None:
    with ContextvarsTraceContext(UuidV7Ids()).scope(None, request_id="r-1", tenant_id="default") as span:
        StructlogLog("carillon.jobs").info("job.started", job_id="j1")
    [line] = lines()
    assert list(line)[:6] == ["timestamp", "level", "logger", "event", "trace_id", "span_id"]
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["logger"], line["event"]) == ("info", "carillon.jobs", "job.started")
    assert (line["trace_id"], line["span_id"], line["request_id"]) == (span.trace_id, span.span_id, "r-1")
    assert (line["tenant_id"], line["job_id"]) == ("default", "j1")


def test_head_cannot_be_forged_when_fields_bear_its_names(lines: Lines) -> None:
    StructlogLog("carillon").info("real", level="critical", logger="forged", timestamp="never")
    [line] = lines()
    assert (line["level"], line["logger"], line["event"]) == ("info", "carillon", "real")
    assert line["timestamp"] != "never"


def test_libraries_write_the_same_lines_when_they_log(lines: Lines) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    with ContextvarsTraceContext(UuidV7Ids()).scope(None, tenant_id="default"):
        uvicorn.warning("refused %s from %s", "bob@example.org", "10.0.0.1")
        logging.getLogger("sqlalchemy.engine").info("SELECT password FROM users")
        logging.getLogger("httpx2").info("GET https://example.org/?token=abc")
        logging.getLogger("uvicorn.access").error("GET /items/secret-id")
        structlog.stdlib.get_logger("carillon.tasks").info("task_started", task="sweep")
    written = lines()
    assert [line["logger"] for line in written] == ["uvicorn.error", "carillon.tasks"]
    assert written[0]["event"] == "refused b***@example.org from 10.0.0.1"
    assert written[1]["task"] == "sweep"
    assert {line["tenant_id"] for line in written} == {"default"}


def test_warnings_become_lines_when_logging_runs(start: Callable[..., LoggingRuntime], stream: io.StringIO) -> None:
    runtime = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old thing, ask bob@example.org", UserWarning, stacklevel=1)
    runtime.stop()
    assert "old thing, ask b***@example.org" in stream.getvalue()


def test_one_line_per_event_when_libraries_bring_their_own_handlers(
    start: Callable[..., LoggingRuntime], stream: io.StringIO
) -> None:
    foreign = io.StringIO()
    own = logging.StreamHandler(foreign)
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    for logger in (root, uvicorn):
        logger.addHandler(own)
    uvicorn.propagate = False
    try:
        runtime = start()
        uvicorn.error("shown once")
        runtime.stop()
        assert stream.getvalue().count("shown once") == 1
        assert foreign.getvalue() == ""
        assert uvicorn.handlers == [own]
        assert own in root.handlers
        assert not uvicorn.propagate
    finally:
        uvicorn.propagate = True
        for logger in (root, uvicorn):
            logger.removeHandler(own)


def test_traceback_with_all_causes_is_logged_when_an_exception_is(lines: Lines) -> None:
    def fail() -> None:
        try:
            raise LookupError("no row")
        except LookupError as cause:
            raise RuntimeError("cannot send") from cause

    with pytest.raises(RuntimeError) as caught:
        fail()
    StructlogLog().exception("job.failed", caught.value, job_id="j1")
    [line] = lines()
    assert line["error_type"] == "RuntimeError"
    assert "LookupError: no row" in line["exception"]
    assert line["exception"].rstrip().endswith("RuntimeError: cannot send")
    assert "in fail" in line["exception"]


def test_level_decides_what_is_written_when_it_is_set(
    start: Callable[..., LoggingRuntime], stream: io.StringIO
) -> None:
    runtime = start(level="WARNING")
    log = StructlogLog()
    log.info("too quiet")
    log.warning("loud enough")
    runtime.stop()
    assert "too quiet" not in stream.getvalue()
    assert "loud enough" in stream.getvalue()


@pytest.mark.parametrize("options", [{"level": "loud"}, {"sinks": ("console", "printer")}])
def test_refuses_to_start_when_a_setting_is_unknown(options: dict[str, Any]) -> None:
    before = list(logging.getLogger().handlers)
    with pytest.raises(ValueError, match=r"loud|printer"):
        start_logging(LoggingOptions(env="test", **options))
    assert logging.getLogger().handlers == before


def test_writes_nothing_when_there_is_no_sink(start: Callable[..., LoggingRuntime], stream: io.StringIO) -> None:
    runtime = start(sinks=())
    StructlogLog().error("unheard")
    assert runtime.stop()
    assert stream.getvalue() == ""


def test_everything_is_as_before_when_stopped(start: Callable[..., LoggingRuntime]) -> None:
    root, quiet = logging.getLogger(), logging.getLogger("httpx2")
    before = (list(root.handlers), root.level, quiet.level, structlog.is_configured())
    runtime = start(level="debug")
    assert before != (list(root.handlers), root.level, quiet.level, structlog.is_configured())
    assert runtime.stop()
    assert runtime.stop()
    assert before == (list(root.handlers), root.level, quiet.level, structlog.is_configured())


def test_second_start_takes_over_when_the_first_was_not_stopped(start: Callable[..., LoggingRuntime]) -> None:
    before = list(logging.getLogger().handlers)
    first, second = io.StringIO(), io.StringIO()
    earlier = start_logging(LoggingOptions(env="test"), stream=first)
    StructlogLog().info("to the first")
    later = start_logging(LoggingOptions(env="test"), stream=second)
    assert "to the first" in first.getvalue()
    earlier.stop()
    StructlogLog().info("to the second")
    later.stop()
    assert "to the second" in second.getvalue()
    assert "second" not in first.getvalue()
    assert "first" not in second.getvalue()
    assert logging.getLogger().handlers == before


async def test_each_line_has_its_own_trace_when_tasks_and_threads_interleave(lines: Lines) -> None:
    trace, log, both = ContextvarsTraceContext(UuidV7Ids()), StructlogLog(), asyncio.Barrier(2)

    async def work(tenant: str) -> None:
        with trace.scope(None, tenant_id=tenant):
            for step in range(20):
                await both.wait()
                log.info(tenant, step=step)
                await asyncio.to_thread(log.info, tenant, step=step, thread=True)

    await asyncio.gather(work("one"), work("two"))
    stranger = Thread(target=log.info, args=("stranger",))
    stranger.start()
    stranger.join()
    written = lines()
    assert len(written) == 81
    assert all(line["tenant_id"] == line["event"] for line in written[:80])
    assert len({(line["event"], line["trace_id"]) for line in written[:80]}) == 2
    assert "trace_id" not in written[80]


class Stalled(io.StringIO):
    """A terminal that takes nothing until `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = Event(), Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.go.wait(5)
        return super().write(text)


def test_overflow_is_counted_when_a_sink_is_slower_than_the_lines() -> None:
    metrics, console, log = MemoryMetrics(), Stalled(), StructlogLog()
    runtime = start_logging(LoggingOptions(env="test", capacity=10), metrics=metrics, stream=console)
    log.info("burst", number=0)
    assert console.reached.wait(5)
    for number in range(1, 100):
        log.info("burst", number=number)
    assert runtime.lost() == {"console": {"overflow": 89}}
    assert metrics.count("log_lines_lost_total", sink="console", reason="overflow") == 89
    console.go.set()
    assert runtime.stop()
    *written, notice = [json.loads(line) for line in console.getvalue().splitlines()]
    assert [line["number"] for line in written] == list(range(11))
    assert (notice["event"], notice["lines"], notice["level"]) == ("log.lines_lost", 89, "warning")


def test_file_gets_its_lines_when_the_console_is_stalled(tmp_path: Path) -> None:
    console = Stalled()
    options = LoggingOptions(env="test", sinks=("console", "file"), directory=tmp_path)
    runtime = start_logging(options, stream=console)
    StructlogLog().info("unhurried")
    assert console.reached.wait(5)
    wait_until(lambda: "unhurried" in (tmp_path / "app-test.log").read_text())
    assert not runtime.stop(0.05)
    console.go.set()


# The file


def test_file_rotates_within_its_limits_when_it_grows(start: Callable[..., LoggingRuntime], tmp_path: Path) -> None:
    folder = tmp_path / "made" / "logs"
    runtime = start(sinks=("file",), directory=folder, max_bytes=4_000, backup_count=3)
    for number in range(200):
        StructlogLog().info("filler", number=number, text="x" * 100)
    assert runtime.stop()
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["app-test.log", "app-test.log.1", "app-test.log.2", "app-test.log.3"]
    assert all(file.stat().st_size <= 4_000 for file in files)
    kept = [json.loads(line)["number"] for file in reversed(files) for line in sorted_lines(file)]
    assert sorted(kept) == list(range(200 - len(kept), 200))


def sorted_lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def test_nothing_is_lost_when_another_process_rotates_the_file(
    start: Callable[..., LoggingRuntime], tmp_path: Path
) -> None:
    runtime = start(sinks=("file",), directory=tmp_path)
    log, file = StructlogLog(), tmp_path / "app-test.log"
    log.info("before")
    wait_until(lambda: "before" in file.read_text())
    file.rename(tmp_path / "app-test.log.1")
    log.info("after")
    runtime.stop()
    assert "after" in file.read_text()
    assert "after" not in (tmp_path / "app-test.log.1").read_text()


def test_console_goes_on_and_losses_are_counted_when_the_file_cannot_be_written(
    start: Callable[..., LoggingRuntime], stream: io.StringIO, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    runtime = start(sinks=("console", "file"), directory=folder)
    StructlogLog().info("both")
    wait_until(lambda: "both" in (folder / "app-test.log").read_text())
    (folder / "app-test.log").unlink()
    folder.rmdir()
    StructlogLog().info("console only")
    assert runtime.stop()
    assert "console only" in stream.getvalue()
    assert runtime.lost() == {"console": {}, "file": {"failed": 1}}


def test_refuses_to_start_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        start_logging(LoggingOptions(env="test", sinks=("file",), directory=tmp_path / "file" / "logs"))


def test_settings_decide_when_logging_is_configured(tmp_path: Path) -> None:
    settings = LogSettings(sinks=frozenset({"file"}), format="json", dir=tmp_path, redact_keys=("iban",))
    runtime = configure_logging(settings, "staging")
    StructlogLog().info("paid", iban="DE02120300000000202051")
    runtime.stop()
    [line] = (tmp_path / "app-staging.log").read_text().splitlines()
    assert json.loads(line)["iban"] == "***"


def test_what_is_buffered_gets_out_when_the_process_ends_without_stopping() -> None:
    program = """
from infrastructure.observability.logging_runtime import LoggingOptions, start_logging
from infrastructure.observability.structlog_log import StructlogLog
start_logging(LoggingOptions(env="test"))
for number in range(1000):
    StructlogLog().info("last.words", number=number)
raise SystemExit(78)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78
    assert ended.stdout == ""
    assert [json.loads(line)["number"] for line in ended.stderr.splitlines()] == list(range(1000))


def test_nothing_is_touched_when_the_modules_are_only_imported() -> None:
    program = """
import logging, threading, structlog
import app.bootstrap.logging, app.http.middleware.access_log, infrastructure.observability.structlog_log
print(logging.getLogger().handlers, structlog.is_configured(), threading.active_count())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[] False 1"


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = monotonic() + 5
    while not reached():
        assert monotonic() < deadline
        sleep(0.005)
