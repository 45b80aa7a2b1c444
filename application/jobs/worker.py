"""The worker of one process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from application.jobs.background import Background
from application.jobs.claim_loop import ClaimLoop, Work
from application.jobs.job_work import JobUseCases, JobWork, SuspectJobs
from application.jobs.lease_keeper import LeaseKeeper
from application.jobs.loop_ports import LoopPorts
from application.jobs.suspect_gate import SuspectGate
from application.jobs.suspect_loop import SuspectLoop, SuspectWork
from application.jobs.wake_bus import WakeBus
from application.notifications.delivery_work import DeliveryUseCases, DeliveryWork, SuspectDeliveries
from application.notifications.outcome_recorder import OutcomeRecorder
from application.workflows.run_work import RunUseCases, RunWork, SuspectRuns
from domain.notifications.channel import Channel

# What is kept of the time to stop for giving back and recording: at most this many seconds, and this share of it.
RESERVE_SECONDS = 2.0
RESERVE_SHARE = 0.25
# The time a cancelled loop gets to close its transaction, on top of all.
LAST_MOMENT = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What a worker claims and how much at once: sends per channel, jobs per queue, runs of workflows.

    `homes` names the queue that a channel's new deliveries are written to; older ones may wait in others.
    """

    queues: tuple[str, ...]
    slots: Mapping[Channel, int]
    job_slots: int
    run_slots: int = 100
    homes: Mapping[Channel, str] = field(default_factory=dict)
    sweep_seconds: float = 1.0
    drain_seconds: float = 8.0

    def queues_of(self, channel: Channel) -> tuple[str, ...]:
        """All queues, that of the channel first."""
        home = self.homes.get(channel)
        return tuple(sorted(self.queues, key=lambda queue: queue != home))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkKinds:
    """The kinds of work there are."""

    deliveries: DeliveryUseCases
    jobs: JobUseCases
    runs: RunUseCases


class Worker:
    """Claims and runs deliveries, jobs and runs of workflows: a loop per channel, one per queue, one for all runs, and
    one for what dead workers left.

    `stop` claims no more at once, lets what is in flight end, gives back what does not (its attempt is not counted)
    and writes what came of the rest: all within its timeout, whatever the store does. It can be started again.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        *,
        kinds: WorkKinds,
        leases: LeaseKeeper,
        outcomes: OutcomeRecorder,
        bus: WakeBus,
        ports: LoopPorts,
    ) -> None:
        self._plan = plan
        self._kinds = kinds
        self._outcomes = outcomes
        self._bus = bus
        self._ports = ports
        self._loops: list[ClaimLoop[Any]] = []  # Any: parcels or jobs
        self._suspects: SuspectLoop | None = None
        self._claiming: list[Background] = []
        self._looking: list[Background] = []
        self._supporting = [
            Background("worker:leases", leases.run, ports.supervisor),
            Background("worker:outcomes", outcomes.run, ports.supervisor),
        ]

    async def start(self) -> None:
        """Begin to claim; wake-ups reach the loops from now on. Does nothing when it runs already."""
        if self._loops:
            return
        gate = SuspectGate()
        self._loops = [self._loop(work, slots, gate) for work, slots in self._lanes()]
        self._suspects = SuspectLoop(
            self._suspect_kinds(), gate=gate, sweep_seconds=self._plan.sweep_seconds, ports=self._ports
        )
        self._claiming = [self._background(f"claims:{loop.work.name}", loop.run) for loop in self._loops]
        self._looking = [self._background("worker:suspects", self._suspects.run)]
        self._listen()
        for loop in (*self._supporting, *self._claiming, *self._looking):
            loop.start()

    def stop_claiming(self) -> None:
        """Claim no more from now on; what is in flight goes on."""
        for loop in self._loops:
            loop.close()
            self._bus.forget(loop)
        if self._suspects is not None:
            self._suspects.close()

    async def stop(self, timeout: float | None = None) -> None:
        """End within `timeout` seconds, or within those that the plan names."""
        seconds = self._plan.drain_seconds if timeout is None else timeout
        deadline = asyncio.get_running_loop().time() + seconds
        reserve = min(RESERVE_SECONDS, seconds * RESERVE_SHARE)
        self.stop_claiming()
        if not await _until(deadline - reserve, self._idle):
            self._abort()
        if not await _until(deadline, self._settled):
            # Their leases run out, and somebody else takes them for suspects.
            self._ports.log().warning("worker.stopped_with_work_in_flight")
        everything = [*self._claiming, *self._looking, *self._supporting]
        for loop in everything:
            loop.cancel()
        await _until(asyncio.get_running_loop().time() + LAST_MOMENT, lambda: _all_ended(everything))
        self._loops, self._suspects, self._claiming, self._looking = [], None, [], []

    def _lanes(self) -> list[tuple[Work[Any], int]]:
        deliveries = [
            (
                DeliveryWork(queues=self._plan.queues_of(channel), channel=channel, use_cases=self._kinds.deliveries),
                slots,
            )
            for channel, slots in self._plan.slots.items()
        ]
        jobs = [(JobWork(queue=queue, use_cases=self._kinds.jobs), self._plan.job_slots) for queue in self._plan.queues]
        runs = (RunWork(queues=self._plan.queues, use_cases=self._kinds.runs), self._plan.run_slots)
        return [*deliveries, *jobs, runs]

    def _suspect_kinds(self) -> Sequence[SuspectWork]:
        queues = self._plan.queues
        return (
            SuspectDeliveries(queues=queues, slots=self._plan.slots, use_cases=self._kinds.deliveries),
            SuspectJobs(queues=queues, limit=self._plan.job_slots, use_cases=self._kinds.jobs),
            SuspectRuns(queues=queues, limit=self._plan.run_slots, use_cases=self._kinds.runs),
        )

    def _loop(self, work: Work[Any], slots: int, gate: SuspectGate) -> ClaimLoop[Any]:
        return ClaimLoop(work, slots=slots, sweep_seconds=self._plan.sweep_seconds, gate=gate, ports=self._ports)

    def _background(self, name: str, run: Callable[[], Awaitable[None]]) -> Background:
        return Background(name, run, self._ports.supervisor)

    def _listen(self) -> None:
        for loop in self._loops:
            for queue in loop.work.wakes:
                self._bus.listen(queue, loop)

    def _abort(self) -> None:
        given_back = sum(loop.abort() for loop in self._loops)
        for loop in self._looking:
            loop.cancel()
        self._ports.log().warning("worker.gives_back", items=given_back)

    async def _idle(self) -> None:
        await _all_ended([*self._claiming, *self._looking])
        for loop in self._loops:
            await loop.idle()

    async def _settled(self) -> None:
        await self._idle()
        await self._outcomes.settled()


async def _all_ended(loops: Sequence[Background]) -> None:
    for loop in loops:
        await loop.ended()


async def _until(deadline: float, wait: Callable[[], Awaitable[None]]) -> bool:
    """Whether it came about in time; `deadline` is by the loop's clock."""
    try:
        async with asyncio.timeout_at(deadline):
            await wait()
    except TimeoutError:
        return False
    return True
