"""Whether the database answers, and whether its schema is this version's."""

from collections.abc import Awaitable, Callable
from time import monotonic

from sqlalchemy import select

from application.health.ports import CheckResult, HealthCheck, HealthStatus
from infrastructure.database.failures import store_errors
from infrastructure.database.unit_of_work import Engines


class DatabaseCheck(HealthCheck):
    """Asks the store for the time."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    @property
    def name(self) -> str:
        return "database"

    @property
    def critical(self) -> bool:
        return True

    async def check(self) -> CheckResult:
        started = monotonic()
        with store_errors():
            async with self._engines.health.connect() as connection:
                await connection.execute(select(self._engines.dialect.now_ms))
        return CheckResult(latency_ms=round((monotonic() - started) * 1000, 3))


class MigrationsCheck(HealthCheck):
    """Looks until the schema is found to be this version's; it does not move away from it while the process runs."""

    def __init__(self, at_head: Callable[[], Awaitable[bool]]) -> None:
        self._at_head = at_head
        self._seen = False

    @property
    def name(self) -> str:
        return "migrations"

    @property
    def critical(self) -> bool:
        return True

    async def check(self) -> CheckResult:
        self._seen = self._seen or await self._at_head()
        if self._seen:
            return CheckResult()
        return CheckResult(status=HealthStatus.DOWN, detail="the schema is not this version's: run `db upgrade`")
