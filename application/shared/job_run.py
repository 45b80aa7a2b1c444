"""One run of a job."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

Payload = TypeVar("Payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun(Generic[Payload]):
    """What a job's use case is called with; `attempt` counts from 1."""

    job_id: UUID
    tenant_id: str
    payload: Payload
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Again:
    """A job's wish to be run again after `delay` seconds, without having failed."""

    delay: float
