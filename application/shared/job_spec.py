"""Marking a use case as a job."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from domain.jobs.retry_delay import ExponentialDelay, RetryDelay

Handler = TypeVar("Handler", bound=type)

SPEC_ATTRIBUTE = "__job_spec__"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What the worker needs to know of a job. `timeout` is in seconds, `max_attempts` counts all tries.

    What is None is as the operator has it for all jobs (`JobDefaults`).
    """

    name: str
    payload: type
    queue: str = "default"
    schema_version: int = 1
    max_attempts: int | None = None
    timeout: float | None = None
    retry: RetryDelay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefaults:
    """What holds for jobs that say nothing themselves; fields as in `JobSpec`."""

    max_attempts: int = 3
    timeout: float = 300.0
    retry: RetryDelay = field(default_factory=ExponentialDelay)


def job(spec: JobSpec) -> Callable[[Handler], Handler]:
    """Attach `spec` to a use case whose `__call__` takes a `JobRun` with that payload. The container builds the
    registry.
    """

    def mark(handler: Handler) -> Handler:
        setattr(handler, SPEC_ATTRIBUTE, spec)
        return handler

    return mark


def spec_of(handler: type) -> JobSpec:
    """The spec attached to a use case; raises `LookupError` when there is none."""
    spec = getattr(handler, SPEC_ATTRIBUTE, None)
    if not isinstance(spec, JobSpec):
        raise LookupError(f"{handler.__name__} is not a job")
    return spec
