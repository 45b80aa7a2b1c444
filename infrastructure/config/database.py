"""Where rows live."""

from typing import Annotated

from infrastructure.config.database_url import database_url, driver_of, password_hidden
from infrastructure.config.drivers import DATABASE
from infrastructure.config.parsers import seconds
from infrastructure.config.section import Section, key

EMBEDDED = frozenset({"sqlite", "memory"})


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """Database"""

    url: Annotated[
        str,
        key(
            "DATABASE_URL",
            "sqlite:///path/to/file; postgresql://user:password@host/database; memory:// for tests: rows die with it.",
            parse=database_url,
            expects=f"an address of {DATABASE.names}",
            default="sqlite:///<DATA_DIR>/carillon.db",
            mask=password_hidden,
        ),
    ]
    migration_url: Annotated[
        str | None,
        key(
            "DATABASE_MIGRATION_URL",
            "The same database as another user: who migrates may change tables, who serves need not.",
            parse=database_url,
            expects=f"an address of {DATABASE.names}",
            mask=password_hidden,
        ),
    ] = None
    auto_migrate: Annotated[
        bool,
        key(
            "DB_AUTO_MIGRATE",
            "Migrate at start; on a shared server `python -m app db upgrade` is a step of the deployment.",
            depends="true on an embedded database, else false",
        ),
    ] = True
    echo: Annotated[bool, key("DB_ECHO", "Log every SQL statement with its parameters, which are people's data.")] = (
        False
    )
    busy_timeout_ms: Annotated[
        int,
        key(
            "DB_BUSY_TIMEOUT_MS",
            "How long SQLite waits for another process's write: milliseconds as a rule, seconds on a slow disk.",
            ge=100,
            le=60_000,
        ),
    ] = 15_000
    readers: Annotated[
        int,
        key("DB_READERS", "Read-only SQLite connections; more than four only take turns on two cores.", ge=1, le=64),
    ] = 4
    pool_size: Annotated[
        int,
        key(
            "DB_POOL_SIZE",
            "Connections to a database server per process; all processes together stay below the server's limit.",
            ge=1,
            le=500,
        ),
    ] = 10
    max_overflow: Annotated[
        int,
        key("DB_MAX_OVERFLOW", "Connections beyond the pool in a rush; each costs milliseconds to open.", ge=0, le=500),
    ] = 0
    pool_timeout: Annotated[
        float,
        key(
            "DB_POOL_TIMEOUT",
            "How long a request waits for a free connection, or for a new one to open; then it is told to come back.",
            parse=seconds,
            ge=0.1,
            le=60,
        ),
    ] = 1.5
    statement_timeout: Annotated[
        float,
        key(
            "DB_STATEMENT_TIMEOUT",
            "After this a statement, a wait for a lock or a forgotten transaction is ended by the server.",
            parse=seconds,
            ge=0.5,
            le=300,
        ),
    ] = 5.0
    write_rows: Annotated[
        int,
        key(
            "DB_WRITE_ROWS",
            "Rows per write transaction; above 500 the 99th percentile of every other writer grows.",
            ge=50,
            le=500,
        ),
    ] = 500

    @property
    def driver(self) -> str:
        """`sqlite`, `postgres` or `memory`."""
        return driver_of(self.url)

    @property
    def kind(self) -> str:
        """`sql` or `memory`: all databases that speak SQL share their repositories."""
        return "memory" if self.driver == "memory" else "sql"

    @property
    def url_of_migrations(self) -> str:
        """The address to migrate by."""
        return self.migration_url or self.url

    @property
    def embedded(self) -> bool:
        """True when the database lives inside this machine's processes."""
        return self.driver in EMBEDDED
