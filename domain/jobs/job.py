"""Coarse named work that survives crashes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.shared.errors import Conflict
from domain.shared.lease import Lease, Suspicion


class JobStatus(StrEnum):
    """The last three are final; `dead` waits for somebody to look at it."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"


class JobTrigger(StrEnum):
    """What moves a job on."""

    CLAIM = "claim"
    COMPLETE = "complete"
    RETRY = "retry"
    RELEASE = "release"
    BURY = "bury"
    CANCEL = "cancel"


_S, _T = JobStatus, JobTrigger

JOB_TRANSITIONS: Mapping[tuple[JobStatus, JobTrigger], JobStatus] = {
    (_S.PENDING, _T.CLAIM): _S.RUNNING,
    (_S.PENDING, _T.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _T.COMPLETE): _S.SUCCEEDED,
    (_S.RUNNING, _T.RETRY): _S.PENDING,
    (_S.RUNNING, _T.RELEASE): _S.PENDING,
    (_S.RUNNING, _T.BURY): _S.DEAD,
    (_S.RUNNING, _T.CANCEL): _S.CANCELLED,
}

JOB_FINAL: frozenset[JobStatus] = frozenset({_S.SUCCEEDED, _S.DEAD, _S.CANCELLED})


class IllegalJobTransition(Conflict):
    """Job cannot change that way"""

    code = "jobs.illegal_transition"


def job_after(status: JobStatus, trigger: JobTrigger) -> JobStatus:
    """The status that follows; raises `IllegalJobTransition` for what the table does not name."""
    try:
        return JOB_TRANSITIONS[status, trigger]
    except KeyError:
        raise IllegalJobTransition(f"a {status} job does not take {trigger}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work. `payload` is its JSON as stored: who runs it decodes it, and a job that cannot be decoded is
    kept whole. `attempts` counts tries that really ran. `max_attempts` and `timeout` (seconds) are None where the job
    leaves them to its kind.
    """

    id: UUID
    tenant_id: str
    name: str
    schema_version: int = 1
    queue: str
    priority: int
    payload: bytes
    status: JobStatus = JobStatus.PENDING
    attempts: int = 0
    max_attempts: int | None = None
    timeout: float | None = None
    lease: Lease | None = None
    suspicion: Suspicion = Suspicion.NONE
    crashes: int = 0
    dedupe_key: str | None = None
    last_error: str | None = None
    trace: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    def after(self, trigger: JobTrigger, *, error: str | None = None, at: datetime | None = None) -> "Job":
        """What is stored of it when its worker reports or somebody cancels it; `at` is its end, if it is one.

        A try that was given back is not counted. One that is buried keeps the crashes it may be condemned for; any
        other has shown that it kills nobody. A success forgets the error of the try before.
        """
        status = job_after(self.status, trigger)
        return replace(
            self,
            status=status,
            lease=None,
            attempts=self.attempts - (trigger is JobTrigger.RELEASE),
            suspicion=self.suspicion if trigger is JobTrigger.BURY else Suspicion.NONE,
            crashes=self.crashes if trigger is JobTrigger.BURY else 0,
            last_error=None if trigger is JobTrigger.COMPLETE else error or self.last_error,
            finished_at=at if status in JOB_FINAL else None,
        )
