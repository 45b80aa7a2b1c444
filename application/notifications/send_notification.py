"""Accepting a request to notify."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.notifications.admission import Admission
from application.notifications.audience_writer import AudienceWriter
from application.notifications.jobs import expansion_job
from application.notifications.request_rules import SendNotificationCommand
from application.notifications.views import AcceptedView, accepted_view
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.notification_repository import TransactionTaken
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer
from application.shared.run_once import PATIENCE, UnitOfWorkFactory, answered_before, run_once
from application.subscribers.known_subscribers import known_subscribers
from domain.notifications.content import Content
from domain.notifications.errors import TransactionConflict
from domain.notifications.events import NotificationAccepted
from domain.notifications.notification import Notification
from domain.shared.errors import CarillonError


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotification:
    """Accept a request to notify subscribers, topics or everyone.

    - Durable when answered: the notification, and either its deliveries or the job that writes them, are committed.
    - `transactionId` deduplicates for the life of the notification; another body under it is refused.
    - A repeat is answered like the first, whatever would speak against it by now.
    - At most `rows_per_transaction` rows are written at once; a larger audience is written out by a job.
    - An unknown subscriber is created bare; contact fields that came along are merged into the stored one.
    - With a workflow, each recipient begins a run of the version that is published now.
    """

    unit_of_work: UnitOfWorkFactory
    writer: AudienceWriter
    admission: Admission
    clock: Clock
    ids: Ids
    rows_per_transaction: int = 500

    async def __call__(self, command: SendNotificationCommand) -> Answer[AcceptedView]:
        command = await self.admission.triggered(command)
        try:
            command = self.admission.admitted(command)
        except CarillonError:
            answer = await self._answered(command)
            if answer is None:
                raise
            return answer
        try:
            return await self._run(command)
        except TransactionTaken:  # by somebody else, between our look and our insert
            return await self._run(command)

    async def _run(self, command: SendNotificationCommand) -> Answer[AcceptedView]:
        return await run_once(
            self.unit_of_work,
            command.idempotency,
            AcceptedView,
            lambda uow: self.accept(uow, command, expand_inline=True),
        )

    async def accept(self, uow: UnitOfWork, command: SendNotificationCommand, *, expand_inline: bool) -> AcceptedView:
        """The effect of one checked command, without the commit; `TransactionTaken` asks for a second try."""
        earlier = await self.earlier(uow, command)
        return earlier if earlier is not None else await self.store(uow, command, expand_inline=expand_inline)

    async def store(self, uow: UnitOfWork, command: SendNotificationCommand, *, expand_inline: bool) -> AcceptedView:
        """The same without a look at what the transaction was answered before."""
        notification = draft(command, self.ids.new(), self.clock.now())
        if expand_inline and self._fits(notification):
            notification = await self._expanded(uow, notification)
        else:
            await uow.jobs.enqueue(expansion_job(notification, self.ids.new(), of_many=not expand_inline))
        await uow.notifications.add(notification)
        uow.events.append(self._accepted(notification))
        return accepted_view(notification)

    async def earlier(self, uow: UnitOfWork, command: SendNotificationCommand) -> AcceptedView | None:
        """What the transaction was answered with, if there was one; `TransactionConflict` when it was another."""
        if command.transaction_id is None:
            return None
        found = await uow.notifications.by_transaction(command.principal.tenant_id, command.transaction_id)
        return None if found is None else _repeat_of(found, command)

    async def _answered(self, command: SendNotificationCommand) -> Answer[AcceptedView] | None:
        """The earlier answer to a request that would be refused now: by its key, else by its transaction."""
        key = command.idempotency
        if key is None and command.transaction_id is None:
            return None
        async with answered_before(self.unit_of_work, key, AcceptedView, PATIENCE) as (uow, kept):
            if kept is not None:
                return Answer(kept, replayed=True)
            view = await self.earlier(uow, command)
            return None if view is None else Answer(view)

    def _fits(self, notification: Notification) -> bool:
        size = notification.audience.size
        if size is None or not notification.due(notification.created_at):
            return False
        return size * self.writer.rows_per_recipient(notification) <= self.rows_per_transaction

    async def _expanded(self, uow: UnitOfWork, notification: Notification) -> Notification:
        now = notification.created_at
        subscribers = await known_subscribers(uow, notification.tenant_id, notification.audience.entries, self.ids, now)
        priority = notification.priority(len(subscribers))
        counts = await self.writer.write(uow, notification, subscribers, priority, now, fresh=True)
        return replace(notification, expanded=True, recipients=len(subscribers), counts=counts).derived(now)

    def _accepted(self, notification: Notification) -> NotificationAccepted:
        return NotificationAccepted(
            id=self.ids.new(),
            tenant_id=notification.tenant_id,
            aggregate_id=f"notification:{notification.id}",
            occurred_at=notification.created_at,
            transaction_id=notification.transaction_id,
            channels=tuple(channel.value for channel in notification.channels),
            recipients=notification.audience.size,
        )


def draft(command: SendNotificationCommand, notification_id: UUID, now: datetime) -> Notification:
    """The notification that a checked command asks for."""
    return Notification(
        id=notification_id,
        tenant_id=command.principal.tenant_id,
        transaction_id=command.transaction_id or str(notification_id),
        fingerprint=command.fingerprint,
        sequence_id=command.sequence_id,
        workflow=command.workflow,
        workflow_version=command.triggered.version if command.triggered else None,
        content=command.content or Content(title=""),
        payload=command.payload,
        overrides=command.overrides,
        channels=command.channels,
        audience=command.audience.gathered(),
        routing=command.routing,
        severity=command.severity,
        tags=command.tags,
        actor=command.actor,
        send_at=command.send_at,
        expires_at=command.expires_at,
        dry_run=command.dry_run,
        recipients=command.audience.size,
        trace=command.trace,
        created_at=now,
    ).derived(now)


def _repeat_of(earlier: Notification, command: SendNotificationCommand) -> AcceptedView:
    if earlier.fingerprint != command.fingerprint:
        raise TransactionConflict(f"transactionId {command.transaction_id!r} belongs to another request")
    return accepted_view(earlier)
