"""Steps that gather many events for one message."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.ports.step_window_repository import (
    DigestMember,
    Gathered,
    Membership,
    OpenDigest,
    StepWindow,
    WindowKey,
)
from application.ports.unit_of_work import UnitOfWork
from application.workflows.run_data import DIGEST_AT_ONCE, DIGEST_CLOSED
from application.workflows.scene import Advanced, WindowAsk
from domain.shared.json import JsonObject
from domain.workflows.digest import DigestAction, DigestSettings, DigestView, DigestWindow, NextAfter, digest
from domain.workflows.run import RunStatus, StepOutcome, StepRecord, Wait

DIGEST: Final = "digest"
MERGED: Final = "digest.merged"
# Those that joined wake a moment after the one that opened the window, which then goes on for them. If that was
# cancelled or has expired, the first of them goes on.
JOINED_WAKE_LATER: Final = timedelta(seconds=1)
# Of all payloads together, in bytes of JSON: they are kept with the run and handed to each template behind the digest.
MAX_ITEMS_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Every run whose event is gathered waits until its window closes; the first that comes by then goes on for all.

    So nothing is lost with the run that opened it: whoever is cancelled or expires before takes away an event of its
    own and no other. What is cancelled afterwards takes with it what it carries.
    """

    def gather(
        self,
        arriving: Iterable[tuple[Advanced, WindowKey]],
        windows: dict[WindowKey, StepWindow],
        carriers: Mapping[UUID, UUID | None],
        now: datetime,
    ) -> list[DigestMember]:
        """Find the window of each run's event, and change `windows` to what is to be stored; the new members."""
        joined: list[DigestMember] = []
        for advanced, key in arriving:
            ask, run = _ask(advanced), advanced.run
            stored = _still_open(windows.get(key), carriers, now)
            decision = digest(_settings(ask), stored.window if stored else None, now, _closing(ask))
            joins = decision.action is DigestAction.JOIN and stored is not None
            opener = stored.opener if joins and stored else run.id
            alone = decision.action is DigestAction.SEND
            if alone:
                _go_alone(advanced, ask, now)
            else:
                until = decision.window.closes_at + (JOINED_WAKE_LATER if joins else timedelta())
                advanced.run = run.waiting(Wait(since=now, until=until, reason=DIGEST))
            windows[key] = OpenDigest(window=decision.window, opener=opener)
            joined.append(
                DigestMember(
                    run_id=run.id,
                    step=ask.step.key,
                    opener=opener,
                    notification_id=run.notification_id,
                    at=now,
                    carrier=run.id if alone else None,
                )
            )
        return joined

    async def close(
        self,
        uow: UnitOfWork,
        due: Iterable[Advanced],
        members: Mapping[UUID, Membership],
        carriers: dict[UUID, UUID | None],
        now: datetime,
    ) -> None:
        """End the wait of each run whose window has closed: one goes on for all, the others are over."""
        for advanced in due:
            ask, run, member = _ask(advanced), advanced.run, members.get(advanced.run.id)
            carrier = carriers.get(member.opener) if member else None
            if member is None:
                _go_alone(advanced, ask, now)
            elif carrier is not None:
                _merge(advanced, ask, carrier, now)
            elif member.wanted and await self._go_on(uow, advanced, ask, member.opener, now):
                carriers[member.opener] = run.id

    async def _go_on(self, uow: UnitOfWork, advanced: Advanced, ask: WindowAsk, opener: UUID, now: datetime) -> bool:
        run, most = advanced.run, _settings(ask).max_items
        found = await uow.step_windows.gathered(run.tenant_id, ask.step.key, opener, now, most)
        if found is None:
            # It has expired in this moment: whoever claims it next finds that out.
            return False
        await uow.step_windows.close(run.tenant_id, ask.step.key, opener, run.id)
        advanced.run = run.passed(ask.step.key, _record(found, ask, now, DIGEST_CLOSED))
        return True


def opener_of(window: StepWindow | None) -> UUID | None:
    """Under which run a digest's window gathers."""
    return window.opener if isinstance(window, OpenDigest) else None


def _still_open(window: StepWindow | None, carriers: Mapping[UUID, UUID | None], now: datetime) -> OpenDigest | None:
    """The window; as one that is over when somebody whose clock is ahead of ours has closed it."""
    if not isinstance(window, OpenDigest):
        return None
    if carriers.get(window.opener) is None:
        return window
    over = replace(window.window, closes_at=min(window.window.closes_at, now))
    return replace(window, window=over)


def _closing(ask: WindowAsk) -> NextAfter:
    """The calendar was asked when the step's turn came."""
    return lambda _: ask.closes_at


def _go_alone(advanced: Advanced, ask: WindowAsk, now: datetime) -> None:
    """On with its own event, as a digest of one."""
    payload = advanced.scene.notification.payload if advanced.scene.notification else {}
    found = Gathered(count=1, first_at=now, last_at=now, payloads=[payload])
    advanced.run = advanced.run.passed(ask.step.key, _record(found, ask, now, DIGEST_AT_ONCE))


def _merge(advanced: Advanced, ask: WindowAsk, carrier: UUID, now: datetime) -> None:
    because = f"its event is in the digest of run {carrier}"
    record = StepRecord(
        outcome=StepOutcome.COMPLETED, at=now, reason=MERGED, because=because, result={"into": str(carrier)}
    )
    advanced.run = advanced.run.passed(ask.step.key, record)
    if ask.rest:
        advanced.leave_out(ask.rest, MERGED, because, now)
    else:
        advanced.run = advanced.run.ended(RunStatus.COMPLETED, now, MERGED)


def _record(found: Gathered, ask: WindowAsk, now: datetime, reason: str) -> StepRecord:
    window = DigestWindow(first_at=found.first_at, last_at=found.last_at, closes_at=now, count=found.count)
    view = DigestView.of(window, _that_fit(found.payloads), _settings(ask))
    return StepRecord(outcome=StepOutcome.COMPLETED, at=now, reason=reason, result=view.as_json())


def _that_fit(payloads: Sequence[JsonObject]) -> list[JsonObject]:
    """The first of them, as long as they are not too long together; the others are counted and not shown."""
    fit: list[JsonObject] = []
    left = MAX_ITEMS_BYTES
    for payload in payloads:
        left -= len(json.dumps(payload, ensure_ascii=False).encode())
        if left < 0:
            break
        fit.append(payload)
    return fit


def _settings(ask: WindowAsk) -> DigestSettings:
    step = ask.step.digest
    assert step is not None, "a digest step has its settings"
    return DigestSettings(
        window=step.window,
        cron=step.cron,
        timezone=step.timezone,
        key=step.key,
        look_back=step.look_back,
        max_items=step.max_items,
    )


def _ask(advanced: Advanced) -> WindowAsk:
    assert advanced.ask is not None, "it has asked for its window"
    return advanced.ask
