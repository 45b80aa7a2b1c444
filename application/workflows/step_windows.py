"""Deciding what becomes of runs at windows that they share with others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.step_window_repository import KeptWindow, StepWindow, WindowKey, WindowKind
from application.ports.unit_of_work import UnitOfWork
from application.workflows.digests import Digests, opener_of
from application.workflows.scene import Advanced, WindowAsk
from application.workflows.throttles import decide_throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWindows:
    """Decides for the runs that have stopped at a throttle or a digest, in the transaction that writes them.

    Their windows are locked until it ends, tenant by tenant, each kind in one order: workers wait for each other, and
    never in a circle. What a run came to and what its window counts become true together, or not at all.
    """

    digests: Digests

    async def decide(self, uow: UnitOfWork, advanced: Iterable[Advanced], now: datetime) -> None:
        """Take each one step further, or let it wait."""
        asking = sorted((each for each in advanced if each.ask is not None), key=lambda each: each.run.id)
        for tenant_id in sorted({each.run.tenant_id for each in asking}):
            await self._tenant(uow, tenant_id, [each for each in asking if each.run.tenant_id == tenant_id], now)

    async def _tenant(self, uow: UnitOfWork, tenant_id: str, asking: Sequence[Advanced], now: datetime) -> None:
        arriving = [(each, _key(each, each.ask)) for each in asking if each.ask and each.run.wait is None]
        windows = dict(await uow.step_windows.locked(tenant_id, {key for _, key in arriving}))
        for each, key in arriving:
            if key.kind is WindowKind.THROTTLE:
                windows[key] = decide_throttle(each, windows.get(key), now)
        await self._at_digests(uow, tenant_id, asking, arriving, windows, now)
        kept = {key: _kept(each, key, windows[key], now) for each, key in arriving}
        await uow.step_windows.put(tenant_id, [kept[key] for key in sorted(kept)])

    async def _at_digests(
        self,
        uow: UnitOfWork,
        tenant_id: str,
        asking: Sequence[Advanced],
        arriving: Sequence[tuple[Advanced, WindowKey]],
        windows: dict[WindowKey, StepWindow],
        now: datetime,
    ) -> None:
        """Step by step in the order of their names: what was gathered under a run is locked next to its windows."""
        gathering = [(each, key) for each, key in arriving if key.kind is WindowKind.DIGEST]
        closing = [each for each in asking if each.run.wait is not None]
        names = {key.step for _, key in gathering} | {each.ask.step.key for each in closing if each.ask}
        for step in sorted(names):
            here = [(each, key) for each, key in gathering if key.step == step]
            due = [each for each in closing if each.ask and each.ask.step.key == step]
            members = await uow.step_windows.memberships(tenant_id, step, {each.run.id for each in due})
            openers = {opener for _, key in here if (opener := opener_of(windows.get(key)))}
            openers |= {member.opener for member in members.values()}
            carriers = dict(await uow.step_windows.locked_carriers(tenant_id, step, openers))
            joined = self.digests.gather(here, windows, carriers, now)
            await uow.step_windows.join(tenant_id, joined)
            await self.digests.close(uow, due, members, carriers, now)


def _key(advanced: Advanced, ask: WindowAsk) -> WindowKey:
    kind = WindowKind.THROTTLE if ask.step.throttle else WindowKind.DIGEST
    run = advanced.run
    return WindowKey(kind=kind, workflow=run.workflow, step=ask.step.key, target=run.target, key=ask.key)


def _kept(advanced: Advanced, key: WindowKey, window: StepWindow, now: datetime) -> KeptWindow:
    ask = advanced.ask
    assert ask is not None, "it has asked for the window"
    until = now
    if ask.step.throttle:
        until = now + ask.step.throttle.window
    elif ask.step.digest:
        until = max(ask.closes_at or now, now) + (ask.step.digest.look_back or now - now)
    return KeptWindow(key=key, window=window, needed_until=until)
