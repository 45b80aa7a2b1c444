"""Prolonging what this process holds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.system_scope import SystemScope

# What it returns does not matter: a task's own `cancel` will do.
Lost = Callable[[], object]
Renew = Callable[[SystemUnitOfWork, Sequence[tuple[UUID, int]]], Awaitable[set[UUID]]]


@dataclass(slots=True)
class _Held:
    kind: str
    token: int
    until: float
    lost: Lost
    reporting: bool = False


class LeaseKeeper:
    """One heartbeat for all leases of a process, in one statement per kind.

    A lease is prolonged until its work's own deadline. When one is not ours any more, `lost` is called: the work must
    stop and must not report.
    """

    def __init__(
        self,
        *,
        unit_of_work: Callable[[], SystemUnitOfWork],
        scope: SystemScope,
        heartbeat_seconds: float,
        lease_seconds: float,
        log: Callable[[], Log],
        metrics: Callable[[], Metrics],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._heartbeat = heartbeat_seconds
        self._log = log
        self._metrics = metrics
        self._held: dict[UUID, _Held] = {}
        self._renewals: Mapping[str, Renew] = {
            "deliveries": lambda uow, leases: uow.delivery_queue.renew(scope, leases, lease_seconds),
            "jobs": lambda uow, leases: uow.job_store.renew(scope, leases, lease_seconds),
            "runs": lambda uow, leases: uow.run_queue.renew(scope, leases, lease_seconds),
        }

    def hold(self, kind: str, row_id: UUID, token: int, *, seconds: float, lost: Lost) -> None:
        """Prolong the lease of a row (`deliveries`, `jobs` or `runs`) for at most `seconds` from now."""
        self._held[row_id] = _Held(kind, token, time.monotonic() + seconds, lost)

    def holds(self, row_id: UUID, token: int) -> bool:
        """Whether the lease is prolonged here: False once it was lost or let go."""
        held = self._held.get(row_id)
        return held is not None and held.token == token

    def reporting(self, row_id: UUID, token: int) -> None:
        """Its result is being written: go on prolonging, but leave it to the writer to find a lease that is lost.

        A beat that comes right after the result would else find the row final, and take that for a loss.
        """
        if self.holds(row_id, token):
            self._held[row_id].reporting = True

    def let_go(self, row_id: UUID, token: int) -> None:
        """Stop prolonging; a lease of the same row under another token stays."""
        if self.holds(row_id, token):
            del self._held[row_id]

    async def run(self) -> None:
        """Beat until cancelled. A beat that fails is logged; the lease outlives two of them."""
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                await self.beat()
            except Exception as error:  # noqa: BLE001 - the heart must go on: a failed beat is retried
                self._log().exception("lease.beat_failed", error)

    async def beat(self) -> None:
        """Prolong everything that is held and not over its time."""
        now = time.monotonic()
        for kind, renew in self._renewals.items():
            ours = [
                (row_id, held.token) for row_id, held in self._held.items() if held.kind == kind and held.until > now
            ]
            if not ours:
                continue
            async with self._unit_of_work() as uow:
                kept = await renew(uow, ours)
                await uow.commit()
            for row_id, token in ours:
                if row_id not in kept:
                    self._report_lost(row_id, token)

    def _report_lost(self, row_id: UUID, token: int) -> None:
        if not self.holds(row_id, token) or self._held[row_id].reporting:
            return
        held = self._held.pop(row_id)
        self._metrics().increment("lease_lost_total", kind=held.kind)
        self._log().warning("lease.lost", kind=held.kind, row_id=str(row_id))
        held.lost()
