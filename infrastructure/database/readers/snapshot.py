"""Reading outside units of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infrastructure.database.connections import give_back
from infrastructure.database.failures import store_errors
from infrastructure.database.transaction import Transaction
from infrastructure.database.unit_of_work import Engines


@asynccontextmanager
async def snapshot(engines: Engines) -> AsyncIterator[Transaction]:
    """One consistent view of committed rows, on a connection that cannot write; given back at the end of the block."""
    with store_errors():
        connection = await engines.reader.connect().start()
    try:
        with store_errors():
            await connection.begin()
        yield Transaction(connection, engines.dialect, begun=True)
    finally:
        await give_back(connection)
