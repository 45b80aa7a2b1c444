"""A workflow under way for one recipient: where it stands, what became of each step, what it waits for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.shared.errors import Conflict
from domain.shared.json import JsonValue
from domain.shared.lease import Lease, Suspicion


class RunStatus(StrEnum):
    """The last four are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


RUN_FINAL: Final = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.EXPIRED, RunStatus.FAILED})


class StepOutcome(StrEnum):
    """What became of a step. What was `handed_over` is a delivery, and ends as that does."""

    HANDED_OVER = "handed_over"
    COMPLETED = "completed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What became of one step, at the time `at`. `reason` says why in a stable word, `because` in words for a reader.

    `delivery_id` is that of what was handed over, `item_id` that of the inbox item it became, which is an earlier
    one's where it was replaced; `result` is what later steps may refer to.
    """

    outcome: StepOutcome
    at: datetime
    reason: str | None = None
    because: str | None = None
    delivery_id: UUID | None = None
    item_id: UUID | None = None
    result: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The step that is next has begun to wait: since when, until when at the latest, and for what (`delay`,
    `escalation`, `delivery`, `preference.quiet_hours`, …).
    """

    since: datetime
    until: datetime
    reason: str


class RunEnded(Conflict):
    """Run is over"""

    code = "workflows.run_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recipient's way through one version of a workflow; its row is its own queue entry, as a delivery's is.

    `position` is the index of the next step, `steps` tells what became of those before it, by key. Every step is
    written with what it did, in one transaction: a worker that dies leaves it not begun or over, never in between.
    `target` is the subscriber's id (the caller's).
    """

    id: UUID
    tenant_id: str
    notification_id: UUID
    workflow: str
    version: int
    target: str
    queue: str
    priority: int
    position: int = 0
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    wait: Wait | None = None
    status: RunStatus = RunStatus.PENDING
    reason: str | None = None
    expires_at: datetime | None = None
    lease: Lease | None = None
    leased_at: datetime | None = None
    suspicion: Suspicion = Suspicion.NONE
    crashes: int = 0
    created_at: datetime
    finished_at: datetime | None = None

    def passed(self, key: str, record: StepRecord) -> "Run":
        """One step further: `key` names the step at `position`, and what it waited for is over."""
        self._must_go_on()
        return replace(self, position=self.position + 1, steps={**self.steps, key: record}, wait=None)

    def waiting(self, wait: Wait) -> "Run":
        """Stays where it is until then."""
        self._must_go_on()
        return replace(self, wait=wait)

    def ended(self, status: RunStatus, at: datetime, reason: str | None = None) -> "Run":
        """Over; raises `RunEnded` when it was before."""
        self._must_go_on()
        return replace(self, status=status, reason=reason, wait=None, finished_at=at)

    def let_go(self) -> "Run":
        """Without its lease: pending again unless it is over. A worker that wrote it has survived it."""
        status = self.status if self.status in RUN_FINAL else RunStatus.PENDING
        crashes = self.crashes if status is RunStatus.FAILED else 0
        return replace(self, status=status, lease=None, leased_at=None, suspicion=Suspicion.NONE, crashes=crashes)

    def _must_go_on(self) -> None:
        if self.status in RUN_FINAL:
            raise RunEnded(f"a {self.status} run goes no further")
