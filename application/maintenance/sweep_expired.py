"""Forgetting what has served its time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from application.jobs.held_lease import HeldLease
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope

# Small transactions, so that nobody who writes has to wait; what one turn does not manage the next one does.
PAGE = 500
MOST_PAGES = 40
DAY = 86_400.0

Page = Callable[[SystemUnitOfWork], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long things are kept, in seconds; of a stream at most `stream_updates` are. Idempotency records are kept for
    24 h and tickets until they run out, whatever the settings say.
    """

    succeeded_jobs: float = DAY
    dead_jobs: float = 14 * DAY
    streams: float = 7 * DAY
    stream_updates: int = 10_000
    events: float = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepExpired:
    """Delete what nobody needs any more, page by page; done by whoever holds the `scheduler` lease.

    One kind that fails does not keep the others.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    rules: RetentionRules
    lease: HeldLease
    log: Log
    metrics: Metrics

    async def __call__(self) -> Mapping[str, int]:
        """How many rows of each kind are gone; empty while another process is the scheduler."""
        gone: dict[str, int] = {}
        for kind, page in self._kinds().items():
            try:
                rows = await self._sweep(page)
            except Exception as error:
                self.log.exception("maintenance.sweep_failed", error, kind=kind)
                continue
            if rows is None:
                break
            gone[kind] = rows
            self.metrics.increment("rows_expired_total", rows, kind=kind)
        if any(gone.values()):
            self.log.info("maintenance.swept", **gone)
        return gone

    async def _sweep(self, page: Page) -> int | None:
        """The rows deleted, or None when the lease is not ours."""
        gone = 0
        for _ in range(MOST_PAGES):
            async with self.unit_of_work() as uow:
                if not await self.lease.hold(uow, self.scope):
                    return None
                rows = await page(uow)
                await uow.commit()
            gone += rows
            if rows < PAGE:
                break
        return gone

    def _kinds(self) -> Mapping[str, Page]:
        scope, rules = self.scope, self.rules
        return {
            "idempotency_records": lambda uow: uow.retention.forget_idempotency_records(scope, PAGE),
            "tickets": lambda uow: uow.retention.forget_tickets(scope, PAGE),
            "jobs": lambda uow: uow.retention.forget_jobs(
                scope, succeeded_seconds=rules.succeeded_jobs, dead_seconds=rules.dead_jobs, limit=PAGE
            ),
            "stream_updates": lambda uow: uow.retention.trim_streams(
                scope, keep=rules.stream_updates, seconds=rules.streams, limit=PAGE
            ),
            "events": lambda uow: uow.retention.forget_events(scope, seconds=rules.events, limit=PAGE),
        }
