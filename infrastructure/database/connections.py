"""Connections that are given back to their pool."""

from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncConnection


async def give_back(connection: AsyncConnection) -> None:
    """Give a connection back, and roll back what is open on it.

    A rollback that fails is no error: the store undoes by itself what nobody committed, and the connection is thrown
    away.
    """
    try:
        await connection.close()
    except Exception:  # noqa: BLE001 - whatever a driver raises for a connection that is lost
        # SQLAlchemy keeps a connection whose rollback failed out of the pool until it is collected as garbage.
        with suppress(Exception):
            await connection.invalidate()
        await connection.close()
