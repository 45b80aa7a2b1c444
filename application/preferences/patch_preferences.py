"""Changing what a subscriber wants to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.preference_repository import LoggedChange
from application.ports.unit_of_work import UnitOfWork
from application.preferences.edits import changed_names, patched
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.subscribers.owner import owned
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.preferences.changes import PreferenceChange, difference
from domain.preferences.events import PreferencesChanged
from domain.preferences.preference import NO_PREFERENCES, SubscriberPreferences
from domain.preferences.writing import preferences_json
from domain.shared.json import JsonObject
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchPreferences:
    """Change a subscriber's preferences by a JSON Merge Patch (RFC 7396).

    - All that is wrong with it is told at once, by path, and then nothing changes.
    - Each field that changed is logged: who, when, from what, to what. Where none did, nothing is written.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, subscriber_id: str, body: JsonObject) -> SubscriberPreferences:
        async with self.unit_of_work() as uow:
            subscriber = owned(principal, await uow.subscribers.get(principal.tenant_id, subscriber_id))
            stored = await uow.preferences.get_many(principal.tenant_id, [subscriber_id])
            before = stored.get(subscriber_id, NO_PREFERENCES)
            after = patched(before, body)
            changes = difference(before, after)
            if changes:
                names = changed_names(preferences_json(before), preferences_json(after))
                await uow.preferences.save(principal.tenant_id, subscriber.id, after)
                await self._note(uow, principal, subscriber, changes, names)
                await uow.commit()
        return after

    async def _note(
        self,
        uow: UnitOfWork,
        principal: Principal,
        subscriber: Subscriber,
        changes: Sequence[PreferenceChange],
        names: tuple[str, ...],
    ) -> None:
        now, key = self.clock.now(), subscriber.subscriber_id
        logged = [self._logged(principal, change, now) for change in changes]
        await uow.preferences.append_changes(subscriber.tenant_id, subscriber.id, logged)
        uow.events.append(
            PreferencesChanged(
                id=self.ids.new(),
                tenant_id=subscriber.tenant_id,
                aggregate_id=f"subscriber:{subscriber.id}",
                occurred_at=now,
                subscriber_id=key,
                fields=names,
            )
        )
        detail = {"fields": list(names), "changes": len(changes)}
        uow.audit.append(audited(principal, AuditAction.PREFERENCE_UPDATE, key, now, **detail))

    def _logged(self, principal: Principal, change: PreferenceChange, now: datetime) -> LoggedChange:
        return LoggedChange(id=self.ids.new(), at=now, by=f"{principal.kind.value}:{principal.id}", change=change)
