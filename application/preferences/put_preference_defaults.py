"""Setting what holds for subscribers who said nothing themselves."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.preferences.edits import changed_names, read_switches
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.preferences.events import PreferenceDefaultsChanged
from domain.preferences.preference import Switches
from domain.preferences.writing import switches_json
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPreferenceDefaults:
    """Replace the tenant's switches; what is left out has no opinion. Nothing is written where nothing changes."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, body: JsonObject) -> Switches:
        after = read_switches(body)
        async with self.unit_of_work() as uow:
            before = await uow.preferences.defaults(principal.tenant_id)
            names = changed_names(switches_json(before), switches_json(after))
            if names:
                await uow.preferences.save_defaults(principal.tenant_id, after)
                self._note(uow, principal, names)
                await uow.commit()
        return after

    def _note(self, uow: UnitOfWork, principal: Principal, names: tuple[str, ...]) -> None:
        now, tenant_id = self.clock.now(), principal.tenant_id
        uow.events.append(
            PreferenceDefaultsChanged(
                id=self.ids.new(),
                tenant_id=tenant_id,
                aggregate_id=f"tenant:{tenant_id}",
                occurred_at=now,
                fields=names,
            )
        )
        action = AuditAction.PREFERENCE_SET_DEFAULTS
        uow.audit.append(audited(principal, action, "defaults", now, fields=list(names)))
