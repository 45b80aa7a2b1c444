"""Runs, over every store, in any order of everything that can happen to them, against a model of a few lines.

A run is leased to one worker at a time, what only another worker may write changes nothing, and a run that is over
stays as it is.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from application.ports.run_queue import ClaimedRun, RunProgress
from domain.shared.lease import Suspicion, after_crash, together
from domain.workflows.run import RUN_FINAL, Run, RunStatus, StepOutcome, StepRecord, Wait
from tests.contracts.queue_calls import LONG
from tests.contracts.run_calls import Runs, ids_of, progress
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import MARKS, Store, stores

Result = TypeVar("Result")

AT_ONCE = 0.001
"""Seconds of the lease of a worker that dies."""
LIMITS = st.integers(1, 4)
MOVES: st.SearchStrategy[RunStatus | float] = st.sampled_from([*sorted(RUN_FINAL), 0.0, 60.0])
"""An end, or one step further and due again after so many seconds."""


@dataclass(slots=True)
class Known:
    """What the model knows of one run: the run as it must be stored, and what its row says besides."""

    run: Run
    expires: bool
    due: bool = True
    dead: bool = False

    @property
    def claimable(self) -> bool:
        return self.run.status is RunStatus.PENDING and self.due

    @property
    def suspect(self) -> bool:
        return self.run.status is RunStatus.RUNNING and self.dead


class RunMachine(RuleBasedStateMachine):
    """The runs of one notification and their workers, of whom some die."""

    kind: type[Store]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = self.kind.open()
        self.store = self.run(entered(self.opened))
        self.queue = Runs(self.store)
        self.make = Samples(self.store)
        self.notification_id = self.make.ids.new()
        self.known: dict[UUID, Known] = {}
        self.held: dict[UUID, ClaimedRun] = {}
        self.stale: list[ClaimedRun] = []

    def teardown(self) -> None:
        self.run(left(self.opened))
        self.runner.close()

    # Any: what a coroutine is sent and yields is the loop's business.
    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @rule(number=LIMITS, expires=st.booleans())
    def start(self, number: int, expires: bool) -> None:
        """A page of runs, and the same page under other ids, as it is written after a crash."""
        expires_at = self.store.now() + timedelta(seconds=-1 if expires else 3600)
        runs = [
            self.make.run(
                notification_id=self.notification_id, target=f"u{len(self.known) + each}", expires_at=expires_at
            )
            for each in range(number)
        ]
        assert self.run(self.add(runs)) == {run.id for run in runs}
        assert self.run(self.add([replace(run, id=self.make.ids.new()) for run in runs])) == set()
        self.known |= {run.id: Known(run, expires) for run in runs}

    @rule(limit=LIMITS, dies=st.booleans())
    def claim(self, limit: int, dies: bool) -> None:
        claimable = {key for key, known in self.known.items() if known.claimable}
        assert bool(self.run(self.queue.due_lines())) is bool(claimable)
        claimed = self.run(self.queue.claim(limit, lease=AT_ONCE if dies else LONG))
        assert len(claimed) == min(limit, len(claimable))
        assert set(ids_of(claimed)) <= claimable
        self.take(claimed, dies=dies)

    @rule(limit=LIMITS, dies=st.booleans())
    def claim_suspects(self, limit: int, dies: bool) -> None:
        suspects = {key: known.run for key, known in self.known.items() if known.suspect}
        least = min((run.suspicion for run in suspects.values()), default=Suspicion.NONE)
        expected = {key for key, run in suspects.items() if run.suspicion is least}
        assert self.run(self.queue.suspects_waiting()) is bool(suspects)
        claimed = self.run(self.queue.claim_suspects(limit, lease=AT_ONCE if dies else LONG))
        assert len(claimed) == min(together(least, limit), len(expected))
        assert set(ids_of(claimed)) <= expected
        for one in claimed:
            known = self.known[one.run.id]
            suspicion, crashes = after_crash(known.run.suspicion, known.run.crashes)
            known.run = replace(known.run, suspicion=suspicion, crashes=crashes)
        self.take(claimed, dies=dies)

    @precondition(lambda self: self.held or self.stale)
    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        """How far several have come: of what is held, and of what was lost. Before, a heartbeat for the same."""
        held = data.draw(st.lists(st.sampled_from(list(self.held.values())), unique_by=id_of)) if self.held else []
        stale = data.draw(st.lists(st.sampled_from(self.stale), unique_by=id_of, max_size=2)) if self.stale else []
        stale = [one for one in stale if id_of(one) not in ids_of(held)]
        assert self.run(self.queue.renew(*held, *stale)) == set(ids_of(held))
        moves = [self.moved(one, data.draw(MOVES)) for one in (*held, *stale)]

        assert self.run(self.queue.save(*moves)) == set(ids_of(held))
        for one, move in zip(held, moves, strict=False):
            known = self.known[id_of(one)]
            self.lose(one, move.run.let_go(), due=move.delay == 0 or known.expires)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(list(self.held.values())))
        self.run(self.queue.release(*self.stale[:1]))
        self.run(self.queue.release(one))
        self.lose(one, one.run.let_go(), due=True)

    @rule(limit=LIMITS)
    def cancel(self, limit: int) -> None:
        pending = sorted(key for key, known in self.known.items() if known.run.status is RunStatus.PENDING)
        at = self.store.now()
        assert self.run(self.cancel_pending(limit, at)) == min(limit, len(pending))
        for key in pending[:limit]:
            known = self.known[key]
            known.run = known.run.ended(RunStatus.CANCELLED, at, "cancelled")

    @invariant()
    def every_run_is_as_the_model_says(self) -> None:
        stored = self.run(self.queue.of_notification(self.notification_id))
        assert stored == [self.known[key].run for key in sorted(self.known)]

    @invariant()
    def those_are_busy_that_are_not_over_and_do_not_wait(self) -> None:
        busy = [known for known in self.known.values() if known.run.status not in RUN_FINAL and not known.run.wait]
        assert self.run(self.busy_count()) == len(busy)

    def take(self, claimed: list[ClaimedRun], *, dies: bool) -> None:
        for one in claimed:
            known = self.known[id_of(one)]
            assert one.expired is known.expires
            expected = replace(known.run, status=RunStatus.RUNNING, lease=one.run.lease, leased_at=one.run.leased_at)
            assert one.run == expected
            if known.run.lease is not None:
                assert one.token > known.run.lease.token
                self.stale.append(ClaimedRun(run=known.run))
            known.run, known.dead = one.run, dies
            if not dies:
                self.held[id_of(one)] = one
        if dies:
            self.run(self.store.after(3 * AT_ONCE))

    def lose(self, one: ClaimedRun, run: Run, *, due: bool) -> None:
        self.stale.append(self.held.pop(id_of(one)))
        self.known[id_of(one)].run, self.known[id_of(one)].due = run, due

    def moved(self, one: ClaimedRun, move: RunStatus | float) -> RunProgress:
        now = self.store.now()
        if isinstance(move, RunStatus):
            return progress(one, one.run.ended(move, now, "why"))
        record = StepRecord(outcome=StepOutcome.HANDED_OVER, at=now, delivery_id=self.make.ids.new())
        run = one.run.passed(f"step-{one.run.position}", record)
        if move:
            run = run.waiting(Wait(since=now, until=now + timedelta(seconds=move), reason="delay"))
        return progress(one, run, delay=move)

    async def add(self, runs: list[Run]) -> set[UUID]:
        async with self.store.unit_of_work() as uow:
            stored = await uow.runs.add_many(runs)
            await uow.commit()
        return stored

    async def cancel_pending(self, limit: int, at: datetime) -> int:
        async with self.store.unit_of_work() as uow:
            number = await uow.runs.cancel_pending(TENANT, self.notification_id, limit, at)
            await uow.commit()
        return number

    async def busy_count(self) -> int:
        async with self.store.unit_of_work() as uow:
            return await uow.runs.busy_count(TENANT, self.notification_id, 1_000)


async def entered(opened: AbstractAsyncContextManager[Store]) -> Store:
    return await opened.__aenter__()


async def left(opened: AbstractAsyncContextManager[Store]) -> None:
    await opened.__aexit__(None, None, None)


def id_of(one: ClaimedRun) -> UUID:
    return one.run.id


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(stores())])
def test_the_promises_hold_when_anything_happens_in_any_order(name: str) -> None:
    kind = stores()[name]
    machine = type("RunMachineOfOneStore", (RunMachine,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=kind.examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
