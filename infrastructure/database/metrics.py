"""How much of the pools is in use."""

from collections.abc import Mapping

from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine

from application.metrics.ports import MetricSource
from application.ports.metrics import Metrics
from infrastructure.database.unit_of_work import Engines


class PoolSource(MetricSource):
    """Tells of each pool once: where reading and writing share one it is the `writer`."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    @property
    def name(self) -> str:
        return "database_pools"

    async def measure(self, metrics: Metrics) -> None:
        engines: Mapping[str, AsyncEngine] = {
            "health": self._engines.health,
            "reader": self._engines.reader,
            "writer": self._engines.writer,
        }
        for name, pool in {id(engine.pool): (name, engine.pool) for name, engine in engines.items()}.values():
            if isinstance(pool, QueuePool):
                metrics.gauge("database_pool_size", pool.size(), pool=name)
                metrics.gauge("database_pool_connections", pool.checkedout(), pool=name, state="in_use")
                metrics.gauge("database_pool_connections", pool.checkedin(), pool=name, state="idle")
