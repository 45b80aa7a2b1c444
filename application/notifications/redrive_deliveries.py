"""Sending all deliveries again that a filter finds."""

from dataclasses import dataclass, fields
from typing import Final
from uuid import UUID

from application.notifications.ports import DeadLetterFilter, DeadLetterReader
from application.notifications.replays import redrive_noted
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.job_queue import NewJob
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.job_spec import JobSpec
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal

# Of one request; whoever has more asks again.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveJob:
    """What was found when it was asked for: what fails later is no part of it, and a replay that fails is not tried
    for ever.
    """

    wanted: DeadLetterFilter
    oldest: UUID
    newest: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrivenView:
    """How many deliveries are being redriven."""

    redriven: int


REDRIVE: Final = JobSpec(
    name="notifications.redrive", payload=RedriveJob, queue="notifications", max_attempts=25, timeout=3600.0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveDeliveries:
    """Try again what a filter finds, the newest 10,000 at most; a job writes the new deliveries in pages.

    - What cannot be redriven, or was before, is left out and not counted.
    - Asked twice, each is redriven once: the second time counts what the first one has not come to.
    """

    unit_of_work: UnitOfWorkFactory
    dead_letters: DeadLetterReader
    clock: Clock
    ids: Ids

    async def __call__(
        self, principal: Principal, wanted: DeadLetterFilter, *, idempotency: Idempotency | None = None
    ) -> Answer[RedrivenView]:
        found = await self.dead_letters.redrivable_ids(principal.tenant_id, wanted, limit=MOST)

        async def effect(uow: UnitOfWork) -> RedrivenView:
            if found:
                payload = RedriveJob(wanted=wanted, oldest=found[-1], newest=found[0])
                await self._enqueue(uow, principal, payload, len(found))
            return RedrivenView(redriven=len(found))

        return await run_once(self.unit_of_work, idempotency, RedrivenView, effect)

    async def _enqueue(self, uow: UnitOfWork, principal: Principal, payload: RedriveJob, number: int) -> None:
        job_id, now = self.ids.new(), self.clock.now()
        await uow.jobs.enqueue(
            NewJob(
                id=job_id,
                tenant_id=principal.tenant_id,
                name=REDRIVE.name,
                payload=payload,
                queue=REDRIVE.queue,
                max_attempts=REDRIVE.max_attempts,
                timeout=REDRIVE.timeout,
                created_at=now,
            )
        )
        filters = [one.name for one in fields(payload.wanted) if getattr(payload.wanted, one.name)]
        uow.audit.append(redrive_noted(principal, f"job:{job_id}", now, deliveries=number, filters=[*filters]))
