"""What follows for inboxes."""

from uuid import UUID

from application.inbox.jobs import FORGET, InboxJob
from application.ports.job_queue import NewJob
from application.ports.unit_of_work import UnitOfWork
from application.shared.reaction import on
from domain.subscribers.events import SubscriberDeleted


@on(SubscriberDeleted)
async def forget_inbox(event: SubscriberDeleted, uow: UnitOfWork) -> None:
    """A subscriber that is gone has no inbox. The event's id names the job: a second run of it changes nothing."""
    await uow.jobs.enqueue(
        NewJob(
            id=event.id,
            tenant_id=event.tenant_id,
            name=FORGET.name,
            payload=InboxJob(recipient_id=UUID(event.recipient_id)),
            queue=FORGET.queue,
            max_attempts=FORGET.max_attempts,
            created_at=event.occurred_at,
        )
    )
