"""What is told of connection pools."""

from pathlib import Path

from infrastructure.database.metrics import PoolSource
from infrastructure.database.postgres import PostgresEngines
from infrastructure.database.sqlite import SqliteEngines
from infrastructure.observability.memory_metrics import MemoryMetrics

SIZE, CONNECTIONS = "database_pool_size", "database_pool_connections"


async def test_each_pool_of_sqlite_is_told_of_when_one_connection_is_in_use(tmp_path: Path) -> None:
    engines = SqliteEngines(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}", readers=3, busy_timeout_ms=1_000)
    metrics = MemoryMetrics()
    async with engines.reader.connect(), engines.writer.connect():
        pass
    async with engines.reader.connect():
        await PoolSource(engines=engines).measure(metrics)
    await engines.stop()

    assert [metrics.level(SIZE, pool=pool) for pool in ("health", "reader", "writer")] == [1, 3, 1]
    in_use = [metrics.level(CONNECTIONS, pool=pool, state="in_use") for pool in ("health", "reader", "writer")]
    idle = [metrics.level(CONNECTIONS, pool=pool, state="idle") for pool in ("health", "reader", "writer")]
    assert (in_use, idle) == ([0, 1, 0], [0, 0, 1])


async def test_pool_is_told_of_once_when_reading_and_writing_share_it() -> None:
    engines = PostgresEngines(
        "postgresql+asyncpg://nobody@127.0.0.1:1/nothing", pool_size=7, pool_timeout=1, statement_timeout=1
    )
    metrics = MemoryMetrics()
    await PoolSource(engines=engines).measure(metrics)
    await engines.stop()

    assert [metrics.level(SIZE, pool=pool) for pool in ("health", "reader", "writer")] == [1, None, 7]
