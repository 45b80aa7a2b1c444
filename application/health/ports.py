"""Looking whether a part works."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class HealthStatus(StrEnum):
    """`degraded`: it serves, yet somebody should look."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a look at one part came to. `detail` is for operators: no secrets, no addresses with credentials."""

    status: HealthStatus = HealthStatus.UP
    latency_ms: float | None = None
    detail: str | None = None


# No contract suite: what each check looks at is its own; they share a name and a flag.
class HealthCheck(Protocol):
    """One part of the process or something it depends on.

    Nothing can be served while a `critical` one is down; another one that is down only degrades the whole.
    """

    @property
    def name(self) -> str:
        """The key in the report, e.g. `database`."""
        ...

    @property
    def critical(self) -> bool:
        """Whether the whole is down with it."""
        ...

    async def check(self) -> CheckResult:
        """Look now. Whatever it raises, and a look that takes longer than two seconds, counts as down."""
        ...
