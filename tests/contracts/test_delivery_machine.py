"""Deliveries, over every store, in any order of everything that can happen to them, against a model of a few lines.

Each delivery reaches exactly one final status, a final status never changes, and the counts of the notification are
those of its deliveries.
"""

import asyncio
from collections import Counter
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

from application.notifications.ports import DeliveryFilter
from application.notifications.views import DeliveryView
from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from domain.notifications.notification_status import Counts
from domain.shared.lease import Suspicion, after_crash, together
from tests.contracts.queue_calls import LONG, Queue
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import MARKS, Store, stores

Result = TypeVar("Result")

AT_ONCE = 0.001
"""Seconds of the lease of a worker that dies."""
ENDS = [DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.SUPPRESSED, DeliveryStatus.EXPIRED]
LIMITS = st.integers(1, 4)


@dataclass(slots=True)
class Known:
    """What the model knows of one delivery."""

    delivery: Delivery
    expires: bool
    status: DeliveryStatus = DeliveryStatus.PENDING
    due: bool = True
    dead: bool = False
    lease: ClaimedDelivery | None = None
    suspicion: Suspicion = Suspicion.NONE
    crashes: int = 0
    attempts: int = 0
    finished_at: datetime | None = None

    @property
    def claimable(self) -> bool:
        return self.status is DeliveryStatus.PENDING and self.due

    @property
    def suspect(self) -> bool:
        return self.status is DeliveryStatus.SENDING and self.dead

    def wait(self, *, due: bool) -> None:
        self.status, self.due, self.lease = DeliveryStatus.PENDING, due, None
        self.suspicion, self.crashes = Suspicion.NONE, 0


class DeliveryMachine(RuleBasedStateMachine):
    """One notification and its workers, of whom some die."""

    kind: type[Store]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = self.kind.open()
        self.store = self.run(entered(self.opened))
        self.queue = Queue(self.store)
        self.make = Samples(self.store)
        self.notification, _ = self.run(self.make.add_notification())
        self.known: dict[UUID, Known] = {}
        self.held: dict[UUID, ClaimedDelivery] = {}
        self.stale: list[ClaimedDelivery] = []

    def teardown(self) -> None:
        self.run(left(self.opened))
        self.runner.close()

    # Any: what a coroutine is sent and yields is the loop's business.
    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @rule(number=LIMITS, expires=st.booleans())
    def expand(self, number: int, expires: bool) -> None:
        expires_at = self.store.now() + timedelta(seconds=-1 if expires else 3600)
        first = len(self.known)
        self.add(
            [
                self.make.delivery(
                    notification_id=self.notification.id, target=f"u{first + index}", expires_at=expires_at
                )
                for index in range(number)
            ],
            expires=expires,
        )

    @rule(limit=LIMITS, dies=st.booleans())
    def claim(self, limit: int, dies: bool) -> None:
        claimable = {known.delivery.id for known in self.known.values() if known.claimable}
        claimed = self.run(self.queue.claim(limit, lease=AT_ONCE if dies else LONG))
        assert len(claimed) == min(limit, len(claimable))
        assert {id_of(one) for one in claimed} <= claimable
        self.take(claimed, dies=dies)

    @rule(limit=LIMITS, dies=st.booleans())
    def claim_suspects(self, limit: int, dies: bool) -> None:
        suspects = [known for known in self.known.values() if known.suspect]
        least = min((known.suspicion for known in suspects), default=Suspicion.NONE)
        expected = [known for known in suspects if known.suspicion is least]
        assert self.run(self.queue.suspects_waiting()) == bool(suspects)
        claimed = self.run(self.queue.claim_suspects(limit, lease=AT_ONCE if dies else LONG))
        assert len(claimed) == min(together(least, limit), len(expected))
        assert {id_of(one) for one in claimed} <= {known.delivery.id for known in expected}
        for one in claimed:
            known = self.known[id_of(one)]
            known.suspicion, known.crashes = after_crash(known.suspicion, known.crashes)
        self.take(claimed, dies=dies)

    @precondition(lambda self: self.held or self.stale)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        """Several results at once: of what is held, and of what was lost. Before, a heartbeat for the same."""
        held = data.draw(st.lists(st.sampled_from(list(self.held.values())), unique_by=id_of)) if self.held else []
        stale = data.draw(st.lists(st.sampled_from(self.stale), unique_by=id_of, max_size=2)) if self.stale else []
        stale = [one for one in stale if id_of(one) not in {id_of(each) for each in held}]
        assert self.run(self.queue.renew(*held, *stale)) == {id_of(one) for one in held}
        results = [self.result(one, data.draw(st.sampled_from([*ENDS, None, 60.0]))) for one in (*held, *stale)]

        assert self.run(self.queue.record(*results)) == {id_of(one) for one in stale}
        for one, result in zip(held, results, strict=False):
            known = self.known[id_of(one)]
            known.attempts += 1
            if result.delay is None:
                known.status, known.finished_at = result.status, result.finished_at
            else:
                known.wait(due=result.delay == 0 or known.expires)
            self.lose(one)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(list(self.held.values())))
        self.run(self.queue.release(*self.stale[:1]))
        self.run(self.queue.release(one))
        self.known[id_of(one)].wait(due=True)
        self.lose(one)

    @rule(limit=LIMITS)
    def cancel(self, limit: int) -> None:
        waiting = {key for key, known in self.known.items() if known.status is DeliveryStatus.PENDING}
        assert self.run(self.cancel_pending(limit)) == min(limit, len(waiting))
        for view in self.views():
            if view.status == DeliveryStatus.CANCELLED and view.id in waiting:
                self.known[view.id].status = DeliveryStatus.CANCELLED
                self.known[view.id].finished_at = view.finished_at

    @precondition(lambda self: any(known.status in FINAL for known in self.known.values()))
    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        """A delivery that ended is never begun again: a redelivery is another one."""
        ended = [known for known in self.known.values() if known.status in FINAL]
        old = data.draw(st.sampled_from(ended)).delivery
        generations = [one.delivery.generation for one in self.known.values() if one.delivery.target == old.target]
        self.add(
            [replace(old, id=self.make.ids.new(), replay_of=old.id, generation=max(generations) + 1)],
            expires=self.known[old.id].expires,
        )

    @rule()
    def fold(self) -> None:
        self.run(self.fold_tallies())

    @invariant()
    def every_delivery_is_as_the_model_says(self) -> None:
        views = self.views()
        assert {view.id for view in views} == set(self.known)
        for view in views:
            known = self.known[view.id]
            assert (view.status, view.finished_at) == (known.status, known.finished_at)
            assert len(view.attempts) == known.attempts

    @invariant()
    def the_counts_are_those_of_the_deliveries(self) -> None:
        counted = Counter(known.status for known in self.known.values())
        read = self.run(self.store.notifications.get(TENANT, self.notification.id))
        assert read is not None
        assert read.counts == Counts(**{status.value: number for status, number in counted.items()})
        assert self.run(self.store.notifications.counts_by_status(TENANT, self.notification.id)) == counted

    def add(self, deliveries: list[Delivery], *, expires: bool) -> None:
        """Store them, and a second time under other ids, as an expansion does that is run again."""
        assert self.run(self.store_deliveries(deliveries)) == {delivery.id for delivery in deliveries}
        repeats = [replace(delivery, id=self.make.ids.new()) for delivery in deliveries]
        assert self.run(self.store_deliveries(repeats)) == set()
        self.known |= {delivery.id: Known(delivery, expires) for delivery in deliveries}

    def take(self, claimed: list[ClaimedDelivery], *, dies: bool) -> None:
        for one in claimed:
            known = self.known[id_of(one)]
            assert one.expired is known.expires
            assert (one.delivery.suspicion, one.delivery.crashes) == (known.suspicion, known.crashes)
            if known.lease is not None:
                assert one.token > known.lease.token
                self.stale.append(known.lease)
            known.status, known.dead, known.lease = DeliveryStatus.SENDING, dies, one
            if not dies:
                self.held[id_of(one)] = one
        if dies:
            self.run(self.store.after(3 * AT_ONCE))

    def lose(self, one: ClaimedDelivery) -> None:
        self.stale.append(self.held.pop(id_of(one)))

    def result(self, one: ClaimedDelivery, end: DeliveryStatus | float | None) -> DeliveryResult:
        """An end, or another round after so many seconds; None is at once."""
        attempts = [self.make.attempt(id_of(one))]
        if isinstance(end, DeliveryStatus):
            return self.queue.result(one, end, attempts=attempts)
        return self.queue.result(one, DeliveryStatus.PENDING, delay=end or 0.0, attempts=attempts)

    def views(self) -> list[DeliveryView]:
        reading = self.store.notifications.deliveries(
            TENANT, self.notification.id, DeliveryFilter(), before=None, limit=1_000
        )
        return self.run(reading)

    async def store_deliveries(self, deliveries: list[Delivery]) -> set[UUID]:
        async with self.store.unit_of_work() as uow:
            stored = await uow.deliveries.add_many(deliveries)
            await uow.notifications.add_tally(TENANT, self.notification.id, Counts(pending=len(stored)))
            await uow.commit()
        return stored

    async def cancel_pending(self, limit: int) -> int:
        async with self.store.unit_of_work() as uow:
            number = await uow.deliveries.cancel_pending(TENANT, self.notification.id, self.store.now(), limit)
            change = Counts(pending=-number, cancelled=number)
            await uow.notifications.add_tally(TENANT, self.notification.id, change)
            await uow.commit()
        return number

    async def fold_tallies(self) -> None:
        async with self.store.unit_of_work() as uow:
            await uow.relay.fold(SCOPE, await uow.relay.take_tallies(SCOPE, 3), self.store.now())
            await uow.commit()


async def entered(opened: AbstractAsyncContextManager[Store]) -> Store:
    return await opened.__aenter__()


async def left(opened: AbstractAsyncContextManager[Store]) -> None:
    await opened.__aexit__(None, None, None)


def id_of(one: ClaimedDelivery) -> UUID:
    return one.delivery.id


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(stores())])
def test_the_promises_hold_when_anything_happens_in_any_order(name: str) -> None:
    kind = stores()[name]
    machine = type("DeliveryMachineOfOneStore", (DeliveryMachine,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=kind.examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
