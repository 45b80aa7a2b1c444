"""Whether this process can do its work."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from application.health.ports import CheckResult, HealthCheck, HealthStatus
from application.ports.clock import Clock
from application.ports.log import Log

LONGEST_LOOK = 2.0
# Anyone may ask, as often as they like: the parts are asked once a second at most.
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One part of the report."""

    name: str
    critical: bool
    result: CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """The whole and its parts, in the order of the checks."""

    status: HealthStatus
    time: datetime
    checks: tuple[CheckView, ...]


class LatestHealth:
    """The last report and when it was made: state of one process, so that a crowd of probes shares one look."""

    def __init__(self) -> None:
        self.looking = asyncio.Lock()
        self._view: HealthView | None = None
        self._made = 0.0

    def fresh(self) -> HealthView | None:
        """The report, unless it is too old."""
        return self._view if monotonic() - self._made < FRESH_SECONDS else None

    def keep(self, view: HealthView) -> HealthView:
        """Remember and return it."""
        self._view, self._made = view, monotonic()
        return view


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHealth:
    """Look at every part at once.

    - `down` when a critical part is, `degraded` when any part is not up, else `up`.
    - A part that fails or does not answer within two seconds is down; why is logged, and only its kind told.
    """

    checks: Sequence[HealthCheck]
    latest: LatestHealth
    clock: Clock
    log: Log

    async def __call__(self) -> HealthView:
        async with self.latest.looking:
            return self.latest.fresh() or self.latest.keep(await self._look())

    async def _look(self) -> HealthView:
        results = await asyncio.gather(*(self._result(check) for check in self.checks))
        views = tuple(
            CheckView(name=check.name, critical=check.critical, result=result)
            for check, result in zip(self.checks, results, strict=True)
        )
        return HealthView(status=_overall(views), time=self.clock.now(), checks=views)

    async def _result(self, check: HealthCheck) -> CheckResult:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                return await check.check()
        except TimeoutError:
            return CheckResult(status=HealthStatus.DOWN, detail=f"no answer within {LONGEST_LOOK:g} s")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is the answer to the question
            self.log.warning("health.check_failed", check=check.name, error=str(error), kind=type(error).__name__)
            return CheckResult(status=HealthStatus.DOWN, detail=f"failed with {type(error).__name__}")


def _overall(views: Sequence[CheckView]) -> HealthStatus:
    if any(view.critical and view.result.status is HealthStatus.DOWN for view in views):
        return HealthStatus.DOWN
    if any(view.result.status is not HealthStatus.UP for view in views):
        return HealthStatus.DEGRADED
    return HealthStatus.UP
