"""How often PostgreSQL is asked for what; the server has to be started with STATEMENTS."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import asyncpg

STATEMENTS = "shared_preload_libraries=pg_stat_statements"
LOOK_SECONDS = 1.0
CALLS = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE query ~ $1"


class QueryCounts:
    """Of each kind, named by a pattern, when it was looked and how many calls there were so far: about each second."""

    def __init__(self, patterns: dict[str, str]) -> None:
        self.patterns = patterns
        self.looks: dict[str, deque[tuple[float, int]]] = {name: deque(maxlen=10_000) for name in patterns}

    def total(self, name: str) -> int:
        """From the first look to the last."""
        return self.looks[name][-1][1] - self.looks[name][0][1]

    def most_per_second(self, name: str) -> float:
        """From one look to the next."""
        rates = [(more - less) / (late - early) for (early, less), (late, more) in pairwise(self.looks[name])]
        return max(rates, default=0.0)

    async def look(self, connection: asyncpg.Connection) -> None:
        """Once."""
        for name, pattern in self.patterns.items():
            calls = await connection.fetchval(CALLS, pattern)
            self.looks[name].append((time.monotonic(), calls))


@asynccontextmanager
async def counting(url: str, **patterns: str) -> AsyncIterator[QueryCounts]:
    """Look each second until the end of the block, and then once more."""
    counts = QueryCounts(patterns)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    await counts.look(connection)
    looking = asyncio.create_task(_look(connection, counts))
    try:
        yield counts
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await connection.close()


async def _look(connection: asyncpg.Connection, counts: QueryCounts) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await counts.look(connection)
