"""Which use case runs which job."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from application.shared.job_run import Again, JobRun
from application.shared.job_spec import JobDefaults, JobSpec
from domain.jobs.job import Job
from domain.jobs.retry_delay import RetryDelay

T = TypeVar("T")


class JobHandler(Protocol):
    """A use case that is run as a job."""

    # Any: the payload is of the type that the handler's spec names.
    def __call__(self, run: JobRun[Any]) -> Awaitable[Again | None]:
        """Do the work; an exception is a failed try."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEntry:
    """A spec and where to get its handler, anew for each run. What a row leaves open its spec says, else `defaults`."""

    spec: JobSpec
    handler: Callable[[], JobHandler]
    defaults: JobDefaults = field(default_factory=JobDefaults)

    @property
    def retry(self) -> RetryDelay:
        """How long a failed try waits for the next one."""
        return self.spec.retry or self.defaults.retry

    def max_attempts(self, job: Job) -> int:
        """How often this job is tried in all."""
        return _first(job.max_attempts, self.spec.max_attempts, self.defaults.max_attempts)

    def timeout(self, job: Job) -> float:
        """Seconds that one try of this job may take."""
        return _first(job.timeout, self.spec.timeout, self.defaults.timeout)


def _first(own: T | None, of_its_kind: T | None, of_all: T) -> T:
    found = own if own is not None else of_its_kind
    return found if found is not None else of_all


JobRegistry = Mapping[str, JobEntry]
