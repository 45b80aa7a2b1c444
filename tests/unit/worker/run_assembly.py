"""The parts of a worker that take workflows forward."""

from collections.abc import Callable
from typing import Protocol

from application.jobs.lease_keeper import LeaseKeeper
from application.notifications.address_book import AddressBook
from application.notifications.channel_policy import ChannelPolicies
from application.notifications.compose_messages import ComposeMessages
from application.notifications.packer import Packer
from application.notifications.release_deliveries import ReleaseDeliveries
from application.ports.clock import Clock
from application.ports.http_client import HttpClient
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.templates import Templates
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.workflow_versions import WorkflowVersions
from application.shared.system_scope import SystemScope
from application.workflows.advance_runs import AdvanceRuns
from application.workflows.claim_runs import ClaimRuns
from application.workflows.claim_suspect_runs import ClaimSuspectRuns
from application.workflows.definitions import Definitions
from application.workflows.digests import Digests
from application.workflows.handovers import Handovers
from application.workflows.http_step import HttpSteps
from application.workflows.load_runs import RunLoader
from application.workflows.release_runs import ReleaseRuns
from application.workflows.run_work import RunUseCases
from application.workflows.run_writer import RunWriter
from application.workflows.step_asks import StepAsks
from application.workflows.step_runner import StepRunner
from application.workflows.step_sources import StepSources
from application.workflows.step_windows import StepWindows
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.system.recurrences import CronsimRecurrences


class Parts(Protocol):
    """What an assembly lends."""

    scope: SystemScope
    clock: Clock
    lease_seconds: float
    leases: LeaseKeeper
    templates: Templates

    @property
    def ids(self) -> Ids: ...
    @property
    def unit_of_work(self) -> Callable[[], SystemUnitOfWork]: ...
    @property
    def logged(self) -> Callable[[], Log]: ...
    @property
    def versions(self) -> Callable[[], WorkflowVersions]: ...


class RunAssembly:
    """Makes them anew for each use, as the container does; what is kept is kept here."""

    def __init__(self, parts: Parts, policies: ChannelPolicies) -> None:
        self._parts = parts
        self._policies = policies
        self._definitions = Definitions(parts.versions)
        self._sources = StepSources()
        self.http: HttpClient = RecordingHttpClient()

    def use_cases(self) -> RunUseCases:
        parts = self._parts
        return RunUseCases(
            claim_runs=lambda: ClaimRuns(
                unit_of_work=parts.unit_of_work, scope=parts.scope, lease_seconds=parts.lease_seconds
            ),
            claim_suspect_runs=lambda: ClaimSuspectRuns(
                unit_of_work=parts.unit_of_work,
                scope=parts.scope,
                clock=parts.clock,
                log=parts.logged(),
                lease_seconds=parts.lease_seconds,
            ),
            advance_runs=self.advance_runs,
            release_runs=lambda: ReleaseRuns(unit_of_work=parts.unit_of_work, scope=parts.scope),
            leases=parts.leases,
            log=parts.logged,
        )

    def advance_runs(self) -> AdvanceRuns:
        parts = self._parts
        runner = StepRunner(
            definitions=self._definitions,
            sources=self._sources,
            templates=parts.templates,
            handovers=Handovers(policies=self._policies, ids=parts.ids),
            asks=StepAsks(templates=parts.templates, recurrences=CronsimRecurrences()),
        )
        return AdvanceRuns(
            unit_of_work=parts.unit_of_work,
            loader=RunLoader(),
            runner=runner,
            http_steps=HttpSteps(client=self.http, clock=parts.clock),
            writer=RunWriter(scope=parts.scope, windows=StepWindows(digests=Digests())),
            clock=parts.clock,
        )

    def packer(self, book: AddressBook) -> Packer:
        parts = self._parts
        compose = ComposeMessages(
            definitions=self._definitions,
            sources=self._sources,
            templates=parts.templates,
            clock=parts.clock,
            log=parts.logged(),
        )
        return Packer(
            address_book=book,
            compose_messages=compose,
            release_deliveries=ReleaseDeliveries(unit_of_work=parts.unit_of_work, scope=parts.scope),
        )
