"""What is measured when somebody asks, rather than when it happens."""

from dataclasses import dataclass
from typing import Protocol

from application.ports.metrics import Metrics
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel


# No contract suite: what each source measures is its own; they share a name.
class MetricSource(Protocol):
    """Levels that are looked up, such as the depth of a queue."""

    @property
    def name(self) -> str:
        """Which source it is, e.g. `backlog`."""
        ...

    async def measure(self, metrics: Metrics) -> None:
        """Set gauges. Whatever it raises, and a look that takes too long, leaves them as they were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits or is worked on: due now, due later, leased; and for how many seconds the oldest due row is due."""

    due: int = 0
    later: int = 0
    leased: int = 0
    oldest_seconds: float = 0.0


class BacklogReader(Protocol):
    """System-scoped: counts the rows of all tenants, by the store's own clock."""

    async def deliveries(self, scope: SystemScope, queues: frozenset[str]) -> dict[tuple[str, Channel], Backlog]:
        """Of these queues, by queue and channel; where nothing is open there is no entry."""
        ...

    async def jobs(self, scope: SystemScope) -> dict[str, Backlog]:
        """Of all queues; where nothing is open there is no entry."""
        ...
