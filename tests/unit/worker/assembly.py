"""A worker with all its parts, over whatever store and clock it is given."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from application.jobs.claim_jobs import ClaimJobs
from application.jobs.claim_suspect_jobs import ClaimSuspectJobs
from application.jobs.job_work import JobUseCases
from application.jobs.lease_keeper import LeaseKeeper
from application.jobs.loop_ports import LoopPorts
from application.jobs.registry import JobEntry, JobHandler
from application.jobs.run_job import RunJob
from application.jobs.settle_job import SettleJob
from application.jobs.wake_bus import WakeBus
from application.jobs.worker import Worker, WorkerPlan, WorkKinds
from application.notifications.address_book import AddressBook
from application.notifications.channel_policy import ChannelPolicy
from application.notifications.claim_deliveries import ClaimDeliveries
from application.notifications.claim_suspect_deliveries import ClaimSuspectDeliveries
from application.notifications.courier import Courier
from application.notifications.deliver_batch import DeliverBatch
from application.notifications.delivery_work import DeliveryUseCases
from application.notifications.lost_tries import LostTries
from application.notifications.outcome_recorder import OutcomeRecorder
from application.notifications.readiness import Readiness
from application.notifications.release_deliveries import ReleaseDeliveries
from application.ports.clock import Clock
from application.ports.job_queue import NewJob
from application.ports.log import Log
from application.ports.notification_channel import NotificationChannel
from application.ports.secret_box import SecretBox, SecretUnreadable
from application.ports.templates import Templates
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.wake_ups import WakeUps
from application.ports.workflow_versions import WorkflowVersions
from application.relay.event_interest import EventInterest
from application.shared.job_run import Again, JobRun
from application.shared.job_spec import JobDefaults, JobSpec
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.notifications.rounds import RetrySchedule
from domain.subscribers.subscriber import Subscriber
from infrastructure.memory.fixed_jitter import NoJitter
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.queue.local import LocalWakeUps
from infrastructure.system.circuit_breaker import BreakerStates, MemoryCircuitBreaker
from infrastructure.system.ids import UuidV7Ids
from infrastructure.system.payload_codec import JsonPayloadCodec
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from infrastructure.templates.in_process import InProcessTemplates
from tests.unit.worker.run_assembly import RunAssembly

TENANT = "default"
QUEUE = "notifications"
SWEEP = 0.02
SCHEDULE = RetrySchedule((5.0, 30.0))
POLICIES = {channel: ChannelPolicy(schedule=SCHEDULE) for channel in Channel}


@dataclass(frozen=True, slots=True)
class Note:
    """The payload of the jobs of these tests."""

    text: str = "x"


class PlainBox(SecretBox):
    """Seals by a prefix; a text without it does not open."""

    def seal(self, plain: str, place: str) -> str:
        return f"sealed:{plain}"

    def open(self, sealed: str, place: str) -> str:
        if not sealed.startswith("sealed:"):
            raise SecretUnreadable
        return sealed.removeprefix("sealed:")

    def needs_reseal(self, sealed: str) -> bool:
        return False


class Assembly:
    """A worker that `working` starts and stops. Who inherits says what the store is."""

    clock: Clock

    def __init__(self, *channels: NotificationChannel, plan: Mapping[str, Any] | None = None, owner: str) -> None:
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.ids = UuidV7Ids()
        self.trace = ContextvarsTraceContext(self.ids)
        self.supervisor = AsyncioTaskSupervisor(cancel_grace=0.5)
        self.bus = WakeBus()
        self.interest = EventInterest()
        self.wake_ups: WakeUps = LocalWakeUps(self.bus)
        self.scope = SystemScope(owner=owner)
        self.lease_seconds = 15.0
        self.heartbeat_seconds = 0.02
        self.channels: dict[Channel, NotificationChannel] = {each.kind: each for each in channels}
        self.registry: dict[str, JobEntry] = {}
        self.job_defaults = JobDefaults()
        self.breakers = BreakerStates()
        self.plan = {
            "queues": ("default", QUEUE),
            "slots": {Channel.EMAIL: 20, Channel.WEBHOOK: 20, Channel.SMS: 5},
            "homes": dict.fromkeys(Channel, QUEUE),
            "job_slots": 4,
            "sweep_seconds": SWEEP,
            "drain_seconds": 1.0,
            **(plan or {}),
        }
        self.templates: Templates = InProcessTemplates()
        self.runs = RunAssembly(self, POLICIES)
        self.ports = LoopPorts(
            supervisor=self.supervisor, wake_ups=lambda: self.wake_ups, jitter=NoJitter, log=self.logged
        )

    def unit_of_work(self) -> SystemUnitOfWork:
        """A new transaction of the store."""
        raise NotImplementedError

    def versions(self) -> WorkflowVersions:
        """What was published."""
        raise NotImplementedError

    def logged(self) -> Log:
        """Where the parts write their lines."""
        return self.log

    # -- what there is to do --------------------------------------------------------------------------------------

    async def notify(
        self, recipients: int = 1, channel: Channel = Channel.EMAIL, *, address: Any = None, **changes: Any
    ) -> list[Delivery]:
        """A notification to so many new subscribers; `changes` are fields of its deliveries. Any: of many types."""
        now = self.clock.now()
        notification = Notification(
            id=self.ids.new(),
            tenant_id=TENANT,
            transaction_id=str(self.ids.new()),
            fingerprint="f",
            content=Content(title="Shipped", body="On its way"),
            channels=(channel,),
            audience=Audience(entries=(Recipient(subscriber_id="u1"),)),
            recipients=recipients,
            expanded=True,
            expires_at=changes.get("expires_at"),
            counts=Counts(pending=recipients),
            trace=self.trace.carried(),
            created_at=now,
        )
        people = [self._subscriber(channel, address) for _ in range(recipients)]
        deliveries = [self._delivery(notification, person, channel, changes) for person in people]
        async with self.unit_of_work() as uow:
            await uow.subscribers.ensure_many(TENANT, people)
            await uow.notifications.add(notification)
            await uow.deliveries.add_many(deliveries)
            await uow.commit()
        return deliveries

    def _subscriber(self, channel: Channel, address: Any) -> Subscriber:
        now, new_id = self.clock.now(), self.ids.new()
        points = {channel.value: address or {"url": "https://example.org/hook"}} if channel is Channel.WEBHOOK else {}
        return Subscriber(
            id=new_id,
            tenant_id=TENANT,
            subscriber_id=str(new_id),
            email=f"{new_id}@example.org",
            phone="+4915112345678",
            channels=points,
            created_at=now,
            updated_at=now,
        )

    def _delivery(self, notification: Notification, person: Subscriber, channel: Channel, changes: Any) -> Delivery:
        plain = Delivery(
            id=self.ids.new(),
            tenant_id=TENANT,
            notification_id=notification.id,
            target=person.subscriber_id,
            channel=channel,
            queue=QUEUE,
            priority=Priority.NORMAL,
            created_at=notification.created_at,
        )
        return replace(plain, **changes)

    async def enqueue(self, name: str = "notes.write", payload: object = Note(), **changes: Any) -> UUID:
        plain = NewJob(
            id=self.ids.new(), tenant_id=TENANT, name=name, payload=payload, created_at=self.clock.now(), **changes
        )
        async with self.unit_of_work() as uow:
            stored = await uow.jobs.enqueue(plain)
            await uow.commit()
        return stored

    def handle(
        self,
        run: Callable[[JobRun[Any]], Awaitable[Again | None]],
        name: str = "notes.write",
        payload: type = Note,
        **changes: Any,
    ) -> None:
        """Register `run` as the handler of a job."""
        self.registry[name] = JobEntry(
            spec=JobSpec(name=name, payload=payload, **changes),
            handler=lambda: cast(JobHandler, run),
            defaults=self.job_defaults,
        )

    # -- the worker -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that runs during the block."""
        worker = self.worker()
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()
            if isinstance(self.templates, InProcessTemplates):
                await self.templates.stop()
            await self.supervisor.drain(1)
            await self.supervisor.start()

    def worker(self) -> Worker:
        self.leases = LeaseKeeper(
            unit_of_work=self.unit_of_work,
            scope=self.scope,
            heartbeat_seconds=self.heartbeat_seconds,
            lease_seconds=self.lease_seconds,
            log=self.logged,
            metrics=lambda: self.metrics,
        )
        self.outcomes = OutcomeRecorder(
            unit_of_work=self.unit_of_work,
            scope=self.scope,
            flush_rows=20,
            flush_seconds=0.005,
            log=self.logged,
            metrics=lambda: self.metrics,
        )
        return Worker(
            WorkerPlan(**self.plan),
            kinds=WorkKinds(
                deliveries=self.delivery_use_cases(), jobs=self.job_use_cases(), runs=self.runs.use_cases()
            ),
            leases=self.leases,
            outcomes=self.outcomes,
            bus=self.bus,
            ports=self.ports,
        )

    def delivery_use_cases(self) -> DeliveryUseCases:
        book = AddressBook(secrets=PlainBox(), webhook_secrets=lambda _tenant: ["whsec_derived"])
        return DeliveryUseCases(
            claim_deliveries=lambda: ClaimDeliveries(
                unit_of_work=self.unit_of_work,
                scope=self.scope,
                packer=self.runs.packer(book),
                readiness=Readiness(channels=self.channels, breaker=MemoryCircuitBreaker(self.breakers)),
                lease_seconds=self.lease_seconds,
            ),
            claim_suspect_deliveries=lambda: ClaimSuspectDeliveries(
                unit_of_work=self.unit_of_work,
                scope=self.scope,
                packer=self.runs.packer(book),
                lost_tries=LostTries(ids=self.ids, metrics=self.metrics),
                clock=self.clock,
                log=self.logged(),
                lease_seconds=self.lease_seconds,
            ),
            deliver_batch=self._deliver_batch,
            release_deliveries=lambda: ReleaseDeliveries(unit_of_work=self.unit_of_work, scope=self.scope),
            log=self.logged,
        )

    def _deliver_batch(self) -> DeliverBatch:
        courier = Courier(
            channels=self.channels,
            breaker=MemoryCircuitBreaker(self.breakers),
            clock=self.clock,
            ids=self.ids,
            log=self.logged(),
        )
        return DeliverBatch(
            courier=courier,
            policies=POLICIES,
            jitter=NoJitter(),
            trace=self.trace,
            leases=self.leases,
            outcomes=self.outcomes,
        )

    def job_use_cases(self) -> JobUseCases:
        return JobUseCases(
            claim_jobs=lambda: ClaimJobs(
                unit_of_work=self.unit_of_work, scope=self.scope, lease_seconds=self.lease_seconds
            ),
            claim_suspect_jobs=lambda: ClaimSuspectJobs(
                unit_of_work=self.unit_of_work,
                scope=self.scope,
                trace=self.trace,
                log=self.logged(),
                lease_seconds=self.lease_seconds,
            ),
            run_job=lambda: RunJob(
                registry=self.registry,
                codec=JsonPayloadCodec(),
                jitter=NoJitter(),
                trace=self.trace,
                redact=lambda text: text.replace("hunter2", "***"),
                log=self.logged(),
            ),
            settle_job=lambda: SettleJob(
                unit_of_work=self.unit_of_work,
                scope=self.scope,
                trace=self.trace,
                log=self.logged(),
                metrics=self.metrics,
            ),
            leases=self.leases,
            log=self.logged,
        )
