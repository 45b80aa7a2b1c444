"""Changing some fields of a subscriber."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.subscribers.profile import ProfileEditor
from application.subscribers.put_subscriber import PutSubscriberCommand
from application.subscribers.views import SubscriberView, subscriber_view
from domain.audit.entry import AuditAction
from domain.subscribers.subscriber import SubscriberNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSubscriber:
    """Change the fields that are present; null clears one. `channels` and `data` are replaced whole."""

    unit_of_work: UnitOfWorkFactory
    profile: ProfileEditor
    clock: Clock

    async def __call__(self, command: PutSubscriberCommand) -> SubscriberView:
        async with self.unit_of_work() as uow:
            before = await uow.subscribers.get(command.principal.tenant_id, command.subscriber_id)
            if before is None:
                raise SubscriberNotFound
            now, fields, action = self.clock.now(), sorted(command.fields), AuditAction.SUBSCRIBER_UPDATE
            after = self.profile.apply(before, command.fields, now)
            await uow.subscribers.save(after)
            uow.audit.append(audited(command.principal, action, command.subscriber_id, now, fields=fields))
            await uow.commit()
        return subscriber_view(after)
