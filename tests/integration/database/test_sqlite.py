"""SQLite as the store needs it: its clock, its locks, its readers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from domain.shared.errors import Unavailable
from infrastructure.database.failures import store_errors
from infrastructure.database.sqlite import SqliteDialect, SqliteEngines
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.system.ids import UuidV7Ids

WRITERS = 50
A_SECOND_MS = 1_000


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[SqliteEngines]:
    opened = SqliteEngines(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", readers=2, busy_timeout_ms=5_000)
    await opened.start()
    async with opened.writer.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER)")
        await connection.exec_driver_sql("INSERT INTO counters VALUES (1, 0)")
    yield opened
    await opened.stop()


async def test_store_clock_is_unix_milliseconds_and_never_null(engines: SqliteEngines) -> None:
    async with engines.reader.connect() as connection:
        now = (await connection.execute(select(SqliteDialect().now_ms))).scalar_one()

    assert isinstance(now, int)
    assert abs(now - time.time() * 1000) < A_SECOND_MS


async def test_store_clock_has_milliseconds(engines: SqliteEngines) -> None:
    seen = set()
    async with engines.reader.connect() as connection:
        for _ in range(5):
            seen.add((await connection.execute(select(SqliteDialect().now_ms))).scalar_one() % A_SECOND_MS)
            await asyncio.sleep(0.003)

    assert len(seen) > 1


async def test_no_update_is_lost_when_many_read_and_then_write(engines: SqliteEngines) -> None:
    async def increment() -> None:
        async with engines.writer.begin() as connection:
            n = (await connection.exec_driver_sql("SELECT n FROM counters")).scalar_one()
            await asyncio.sleep(0)
            await connection.exec_driver_sql("UPDATE counters SET n = ?", (n + 1,))

    await asyncio.gather(*(increment() for _ in range(WRITERS)))

    async with engines.reader.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT n FROM counters")).scalar_one() == WRITERS


async def test_reader_cannot_write(engines: SqliteEngines) -> None:
    async with engines.reader.connect() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.exec_driver_sql("UPDATE counters SET n = 7")


async def test_reader_sees_one_snapshot_while_a_writer_commits(engines: SqliteEngines) -> None:
    async with engines.reader.connect() as reader:
        await reader.begin()
        before = (await reader.exec_driver_sql("SELECT n FROM counters")).scalar_one()
        async with engines.writer.begin() as writer:
            await writer.exec_driver_sql("UPDATE counters SET n = 5")
        after = (await reader.exec_driver_sql("SELECT n FROM counters")).scalar_one()

    assert (before, after) == (0, 0)


async def test_commits_are_durable_and_readers_do_not_block_writers(engines: SqliteEngines) -> None:
    async with engines.writer.connect() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        full = 2
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == full


async def test_store_is_unavailable_when_another_process_keeps_the_lock(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'y.db'}"
    holder = SqliteEngines(url, readers=1, busy_timeout_ms=5_000)
    waiting = SqliteEngines(url, readers=1, busy_timeout_ms=100)
    async with holder.writer.begin():
        with pytest.raises(Unavailable), store_errors():
            async with waiting.writer.begin():
                pass
    await holder.stop()
    await waiting.stop()


async def test_statements_carry_their_trace_when_they_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace = ContextvarsTraceContext(UuidV7Ids())
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    loud = SqliteEngines(url, readers=1, busy_timeout_ms=100, echo=True, trace=lambda: trace)
    try:
        with trace.scope(None), caplog.at_level(logging.INFO, "sqlalchemy.engine.Engine"):
            comment = f"/*traceparent='{trace.traceparent()}'*/"
            async with loud.writer.begin() as connection:
                await connection.exec_driver_sql("CREATE TABLE seen (n INTEGER)")
                await connection.execute(text("INSERT INTO seen VALUES (:n)"), [{"n": 1}, {"n": 2}])
            async with loud.reader.connect() as connection:
                assert (await connection.execute(text("SELECT count(*) FROM seen"))).scalar_one() == 2
    finally:
        await loud.stop()
        logging.getLogger("sqlalchemy.engine.Engine").setLevel(logging.NOTSET)

    statements = [line for line in caplog.messages if line.startswith(("CREATE", "INSERT", "SELECT"))]
    assert [line.split(" ")[0] for line in statements] == ["CREATE", "INSERT", "SELECT"]
    assert all(line.endswith(comment) for line in statements)


async def test_statements_are_as_they_were_written_when_they_are_not_logged(tmp_path: Path) -> None:
    trace = ContextvarsTraceContext(UuidV7Ids())
    seen: list[str] = []
    quiet = SqliteEngines(
        f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", readers=1, busy_timeout_ms=100, trace=lambda: trace
    )

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(quiet.reader.sync_engine, "after_cursor_execute", note)
    async with quiet.reader.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await quiet.stop()

    assert seen[-1] == "SELECT 1"
