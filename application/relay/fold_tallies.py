"""Bringing notifications' counts up to date."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.relay.relay_state import RelayState
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldTallies:
    """Add at most 500 tallies to the counts of their notifications and derive those anew, as the one relay.

    Taking a tally away and adding it are one transaction: none is lost or counted twice.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    state: RelayState
    clock: Clock

    async def __call__(self) -> bool:
        """Whether there was anything to do."""
        lease = self.state.lease
        async with self.unit_of_work() as uow:
            known = lease.fresh
            if not known and not await lease.hold(uow, self.scope):
                return False
            changes = await uow.relay.take_tallies(self.scope, BATCH)
            if changes and known and not await lease.hold(uow, self.scope):
                return False
            await uow.relay.fold(self.scope, changes, self.clock.now())
            if changes or not known:
                await uow.commit()
        return bool(changes)
