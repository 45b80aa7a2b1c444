"""What PostgreSQL and the product itself tell of the product's connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

LOOK_SECONDS = 0.05
CONNECTIONS = """
SELECT count(*) AS open,
       coalesce(max(extract(epoch FROM clock_timestamp() - state_change))
                FILTER (WHERE state LIKE 'idle in transaction%'), 0)::float AS idle
FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'carillon'
"""


@dataclass(slots=True)
class PoolWatch:
    """How many connections there were at most, and for how many seconds a transaction was left alone at most."""

    most: int = 0
    longest_idle: float = 0.0


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[PoolWatch]:
    """Look again and again, by a connection of one's own."""
    seen = PoolWatch()
    connection = await asyncpg.connect(url)
    looking = asyncio.create_task(_look(connection, seen))
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await connection.close()


async def _look(connection: asyncpg.Connection, seen: PoolWatch) -> None:
    while True:
        row = await connection.fetchrow(CONNECTIONS)
        seen.most, seen.longest_idle = max(seen.most, row["open"]), max(seen.longest_idle, row["idle"])
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[None]:
    """Whoever reads or writes the table waits until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def in_use(base_url: str) -> dict[str, float]:
    """By pool, the connections that the process holds; it looks each five seconds at most."""
    async with httpx.AsyncClient(trust_env=False) as asking:
        answer = (await asking.get(f"{base_url}/metrics")).raise_for_status()
    return {
        sample.labels["pool"]: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "database_pool_connections" and sample.labels["state"] == "in_use"
    }
