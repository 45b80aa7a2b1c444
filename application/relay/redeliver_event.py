"""Offering an event again."""

from dataclasses import dataclass

from application.relay.event_consumers import EventConsumers
from application.relay.jobs import REDELIVER, RedeliveryJob
from application.shared.job_run import JobRun
from application.shared.job_spec import job


@job(REDELIVER)
@dataclass(frozen=True, slots=True, kw_only=True)
class RedeliverEvent:
    """Offer an event again to a recipient that had failed. The job's own retries and dead letter do the rest."""

    consumers: EventConsumers

    async def __call__(self, run: JobRun[RedeliveryJob]) -> None:
        consumer = self.consumers[run.payload.consumer]
        await consumer.take_again(run.payload.event, run.payload.recipient)
