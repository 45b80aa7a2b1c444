"""Which leases are prolonged, and which are reported lost."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.jobs.lease_keeper import LeaseKeeper
from application.shared.system_scope import SystemScope
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics


class Renewals:
    """A unit of work in whose stores only the rows in `ours` are still leased."""

    def __init__(self) -> None:
        self.ours: set[UUID] = set()
        self.asked: list[list[tuple[UUID, int]]] = []
        self.delivery_queue = self.job_store = self

    async def __aenter__(self) -> "Renewals":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def commit(self) -> None: ...

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], seconds: float) -> set[UUID]:
        self.asked.append(list(leases))
        return {row_id for row_id, _ in leases} & self.ours


@pytest.fixture
def store() -> Renewals:
    return Renewals()


@pytest.fixture
def keeper(store: Renewals) -> LeaseKeeper:
    made: Any = lambda: store  # noqa: E731 - the keeper needs no more of a unit of work than this
    return LeaseKeeper(
        unit_of_work=made,
        scope=SystemScope(owner="w"),
        heartbeat_seconds=1,
        lease_seconds=3,
        log=MemoryLog,
        metrics=MemoryMetrics,
    )


async def test_all_of_a_kind_are_prolonged_at_once(store: Renewals, keeper: LeaseKeeper) -> None:
    rows = [uuid4() for _ in range(3)]
    store.ours = set(rows)
    lost: list[UUID] = []
    for number, row_id in enumerate(rows):
        kind = "jobs" if number == 2 else "deliveries"
        keeper.hold(kind, row_id, number, seconds=60, lost=partial(lost.append, row_id))
    await keeper.beat()

    assert store.asked == [[(rows[0], 0), (rows[1], 1)], [(rows[2], 2)]]
    assert lost == []


async def test_the_work_is_told_once_when_its_lease_is_lost(store: Renewals, keeper: LeaseKeeper) -> None:
    row_id, lost = uuid4(), list[int]()
    keeper.hold("jobs", row_id, 1, seconds=60, lost=lambda: lost.append(1))
    await keeper.beat()
    await keeper.beat()

    assert lost == [1]
    assert not keeper.holds(row_id, 1)


async def test_the_writer_finds_out_by_itself_when_a_result_is_being_written(
    store: Renewals, keeper: LeaseKeeper
) -> None:
    row_id, lost = uuid4(), list[int]()
    keeper.hold("deliveries", row_id, 1, seconds=60, lost=lambda: lost.append(1))
    keeper.reporting(row_id, 1)
    await keeper.beat()

    assert lost == []
    assert store.asked == [[(row_id, 1)]]


async def test_a_newer_lease_of_the_row_stays_when_an_older_one_is_let_go(store: Renewals, keeper: LeaseKeeper) -> None:
    row_id = uuid4()
    store.ours = {row_id}
    keeper.hold("jobs", row_id, 1, seconds=60, lost=lambda: None)
    keeper.hold("jobs", row_id, 2, seconds=60, lost=lambda: None)
    keeper.let_go(row_id, 1)
    await keeper.beat()

    assert store.asked == [[(row_id, 2)]]


async def test_it_is_prolonged_no_more_when_its_time_is_over(store: Renewals, keeper: LeaseKeeper) -> None:
    keeper.hold("jobs", uuid4(), 1, seconds=0, lost=lambda: None)
    await keeper.beat()

    assert store.asked == []
