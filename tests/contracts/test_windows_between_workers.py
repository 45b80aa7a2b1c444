"""Two workers take runs through a throttle and a digest at the same time, over every store."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from application.jobs.lease_keeper import LeaseKeeper
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.templates import Templates
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.workflow_versions import WorkflowVersions
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.shared.json import JsonObject
from domain.workflows.run import Run, StepOutcome
from infrastructure.templates.in_process import InProcessTemplates
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store
from tests.unit.worker.assembly import POLICIES
from tests.unit.worker.run_assembly import RunAssembly

KEY = "order-shipped"
PLAIN = {"key": "second", "type": "throttle", "throttle": {"limit": 1_000, "window": "1h"}}


class StoreClock(Clock):
    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> datetime:
        return self._store.now()


class StoreParts:
    """What a worker over a store is made of."""

    def __init__(self, store: Store, make: Samples, scope: SystemScope) -> None:
        self._store = store
        self.ids: Ids = make.ids
        self.scope = scope
        self.clock: Clock = StoreClock(store)
        self.lease_seconds = 60.0
        self.templates: Templates = InProcessTemplates()
        self.leases = LeaseKeeper(
            unit_of_work=self.unit_of_work,
            scope=scope,
            heartbeat_seconds=5.0,
            lease_seconds=60.0,
            log=self.logged,
            metrics=lambda: store.metrics,
        )

    @property
    def unit_of_work(self) -> Callable[[], SystemUnitOfWork]:
        return self._store.unit_of_work

    @property
    def logged(self) -> Callable[[], Log]:
        return lambda: self._store.log

    @property
    def versions(self) -> Callable[[], WorkflowVersions]:
        return lambda: self._store.workflow_versions

    async def work(self) -> None:
        """Take what is due further, a few at a time, until nothing is."""
        use_cases = RunAssembly(self, POLICIES).use_cases()
        while claimed := await use_cases.claim_runs()([QUEUE], 4):
            await use_cases.run(claimed)


async def begin(store: Store, make: Samples, count: int, *steps: JsonObject) -> list[Run]:
    """A published workflow, and runs of it for one subscriber, each of a notification of its own."""
    workflow = make.workflow(KEY, draft={"name": "Shipped", "steps": list(steps)})
    published, version = workflow.publish(number=1, at=store.now(), by="test", note=None)
    await make.add_subscriber()
    notifications = [make.notification(payload={"order": n}, channels=(Channel.IN_APP,)) for n in range(count)]
    runs = [make.run(notification_id=each.id) for each in notifications]
    async with store.unit_of_work() as uow:
        assert await uow.workflows.add(published)
        await uow.workflows.add_version(version)
        for each in notifications:
            await uow.notifications.add(each)
        await uow.commit()
    await make.add_runs(*runs)
    return runs


async def stored(store: Store, runs: list[Run]) -> list[Run]:
    keys = [(run.notification_id, run.target) for run in runs]
    async with store.unit_of_work() as uow:
        found = await uow.runs.get_many(TENANT, keys)
    return [found[key] for key in keys]


async def work_together(store: Store, make: Samples) -> None:
    others = [StoreParts(store, make, SystemScope(owner=f"worker-{number}")) for number in (2, 3)]
    await asyncio.gather(*(parts.work() for parts in (StoreParts(store, make, SCOPE), *others)))


async def test_no_more_than_the_limit_go_on_when_several_workers_decide(store: Store, make: Samples) -> None:
    limit = {"key": "limit", "type": "throttle", "throttle": {"limit": 5, "window": "1h"}}
    runs = await begin(store, make, 30, limit, PLAIN)
    await work_together(store, make)

    ends = Counter((run.steps["limit"].outcome, run.reason) for run in await stored(store, runs))
    assert ends == {(StepOutcome.COMPLETED, None): 5, (StepOutcome.SKIPPED, "throttle"): 25}


async def test_one_goes_on_for_all_when_several_workers_gather_and_close(store: Store, make: Samples) -> None:
    group = {"key": "group", "type": "digest", "digest": {"window": "1s", "maxItems": 100}}
    runs = await begin(store, make, 30, group, PLAIN)
    await work_together(store, make)
    assert all(run.wait or run.finished_at for run in await stored(store, runs))
    await store.after(2.5)
    await work_together(store, make)

    done = await stored(store, runs)
    ends = Counter((run.steps["group"].reason, run.reason) for run in done)
    carriers = [run for run in done if run.steps["group"].reason == "digest.closed"]
    results = [run.steps["group"].result for run in carriers]
    orders = sorted(item["order"] for result in results for item in result["items"])
    assert orders == list(range(30))
    assert sum(result["count"] for result in results) == 30
    # A machine that stalls for a second needs a second window; nobody is in two.
    assert ends[("digest.merged", "digest.merged")] == 30 - len(carriers)
    assert {run.steps["group"].result["into"] for run in done if run.reason} <= {str(run.id) for run in carriers}
