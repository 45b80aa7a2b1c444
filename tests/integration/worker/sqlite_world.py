"""A worker over SQLite."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from application.ports.notification_channel import NotificationChannel
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.reaction import Reactions
from infrastructure.database.sqlite import SqliteEngines
from infrastructure.database.unit_of_work import SqlUnitOfWork
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from infrastructure.system.clock import SystemClock
from tests.unit.worker.assembly import Assembly


class SqliteWorld(Assembly):
    """Everything real but the channels. Start and stop `engines` around it."""

    def __init__(
        self, path: Path, *channels: NotificationChannel, plan: Mapping[str, Any] | None = None, owner: str = "worker-1"
    ) -> None:
        super().__init__(*channels, plan=plan, owner=owner)
        self.clock = SystemClock()
        self.path = path
        self.engines = SqliteEngines(f"sqlite+aiosqlite:///{path}", readers=2, busy_timeout_ms=10_000)

    def unit_of_work(self) -> SystemUnitOfWork:
        return SqlUnitOfWork(
            engines=self.engines,
            hints=MemoryHints(HintBus(self.logged)),
            wake_ups=self.wake_ups,
            reactions=Reactions.of(()),
            interest=self.interest,
            ids=self.ids,
            trace=self.trace,
            log=self.logged(),
            metrics=self.metrics,
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows as they are stored, read past the product."""
        connection = sqlite3.connect(self.path, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql)]
        finally:
            connection.close()

    def statuses(self) -> Counter[str]:
        """How many deliveries have which status."""
        return Counter(row["status"] for row in self.query("SELECT status FROM deliveries"))

    def tallied(self) -> Counter[str]:
        """How many ends were counted, by status."""
        sums = self.query("SELECT sum(sent) AS sent, sum(failed) AS failed FROM notification_tallies")[0]
        return Counter({name: number or 0 for name, number in sums.items() if number})
