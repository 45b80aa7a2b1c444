"""What follows for notifications."""

from uuid import UUID, uuid5

from application.notifications.jobs import CANCEL_FOR_RECIPIENT, RecipientJob
from application.ports.job_queue import NewJob
from application.ports.unit_of_work import UnitOfWork
from application.shared.reaction import on
from domain.subscribers.events import SubscriberDeleted


@on(SubscriberDeleted)
async def cancel_what_waits(event: SubscriberDeleted, uow: UnitOfWork) -> None:
    """Nothing more goes to a subscriber that is gone. The job's id is derived, since the event's own names another."""
    await uow.jobs.enqueue(
        NewJob(
            id=uuid5(UUID(event.recipient_id), CANCEL_FOR_RECIPIENT.name),
            tenant_id=event.tenant_id,
            name=CANCEL_FOR_RECIPIENT.name,
            payload=RecipientJob(subscriber_id=event.subscriber_id),
            queue=CANCEL_FOR_RECIPIENT.queue,
            max_attempts=CANCEL_FOR_RECIPIENT.max_attempts,
            created_at=event.occurred_at,
        )
    )
