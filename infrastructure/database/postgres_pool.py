"""Connections are looked at before they are used again."""

import time
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

# Whoever is busy uses each connection all the time; SQLAlchemy's own look, at every use, costs three round trips.
TRUSTED_SECONDS: Final = 1.0
_LET_GO: Final = "let go"


def look_before_use(engine: AsyncEngine) -> None:
    """Ping what was idle for longer than `TRUSTED_SECONDS`. With the first that is lost the pool begins anew."""
    dialect = engine.sync_engine.dialect

    def note(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_LET_GO] = time.monotonic()

    def look(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:  # Any: asyncpg has no types
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        if time.monotonic() - entry.info.get(_LET_GO, time.monotonic()) > TRUSTED_SECONDS:
            try:
                dialect.do_ping(connection)
            except (dialect.loaded_dbapi.Error, OSError) as error:
                raise InvalidatePoolError from error

    event.listen(engine.sync_engine.pool, "checkin", note)
    event.listen(engine.sync_engine.pool, "checkout", look)
