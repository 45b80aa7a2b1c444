"""Creating and changing subscribers."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.subscribers.profile import FIELDS, Changes, ProfileEditor
from application.subscribers.views import SubscriberView, subscriber_view
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscriberCommand:
    """`fields` by wire name. With `partial`, only those present change; without, the others are cleared."""

    principal: Principal
    subscriber_id: str
    fields: Changes
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscriber:
    """Create a subscriber, or replace its fields.

    - Contact points are stored in normal form; secrets in `channels` are sealed and never read back.
    - Its inbox and stream stay as they are.
    """

    unit_of_work: UnitOfWorkFactory
    profile: ProfileEditor
    clock: Clock
    ids: Ids

    async def __call__(self, command: PutSubscriberCommand) -> tuple[SubscriberView, bool]:
        """The subscriber, and whether it is new."""
        async with self.unit_of_work() as uow:
            subscriber, created = await self.apply(uow, command)
            await uow.commit()
        return subscriber_view(subscriber), created

    async def apply(self, uow: UnitOfWork, command: PutSubscriberCommand) -> tuple[Subscriber, bool]:
        """The effect without the commit."""
        tenant_id, now = command.principal.tenant_id, self.clock.now()
        before = await uow.subscribers.get(tenant_id, command.subscriber_id)
        blank = before or self._blank(tenant_id, command.subscriber_id, now)
        fields = command.fields if command.partial else {name: command.fields.get(name) for name in FIELDS}
        after = self.profile.apply(blank, fields, now)
        if before is None:
            stored = (await uow.subscribers.ensure_many(tenant_id, [after]))[command.subscriber_id]
            if stored.id == after.id:
                self._note(uow, command, AuditAction.SUBSCRIBER_CREATE, now)
                return stored, True
            after = self.profile.apply(stored, fields, now)
        await uow.subscribers.save(after)
        self._note(uow, command, AuditAction.SUBSCRIBER_UPDATE, now)
        return after, False

    def _note(self, uow: UnitOfWork, command: PutSubscriberCommand, action: AuditAction, now: datetime) -> None:
        uow.audit.append(audited(command.principal, action, command.subscriber_id, now, fields=sorted(command.fields)))

    def _blank(self, tenant_id: str, subscriber_id: str, now: datetime) -> Subscriber:
        return Subscriber(
            id=self.ids.new(),
            tenant_id=tenant_id,
            subscriber_id=subscriber_id,
            version=0,
            created_at=now,
            updated_at=now,
        )
