"""Running one leased job."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from application.jobs.cancellation import being_cancelled
from application.jobs.job_fields import fields_of
from application.jobs.registry import JobEntry, JobRegistry
from application.jobs.storable_text import storable
from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.payload_codec import PayloadCodec, UndecodablePayload
from application.ports.trace_context import TraceContext
from application.shared import log_events
from application.shared.job_run import Again, JobRun
from application.shared.job_spec import JobDefaults
from domain.jobs.job import Job, JobTrigger
from domain.jobs.retry_delay import ExponentialDelay
from domain.shared.errors import CarillonError

# An older worker meets names and payloads of a newer one during an upgrade: long enough for that to end.
UNREADABLE_TRIES = 8
UNREADABLE_RETRY = ExponentialDelay(base=5.0)
_UNREAD = re.compile(r"unread (\d+): ")
MAX_ERROR = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What became of a run: how the job moves on, after how many seconds, and why; `seconds` is how long it took."""

    trigger: JobTrigger
    delay: float = 0.0
    error: str | None = None
    error_code: str | None = None
    seconds: float = 0.0


class Unreadable(Exception):
    """This worker does not know the job: its name, its version, or what its payload says."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """Run a leased job by its name.

    - A failed try is retried as its spec or the operator's defaults have it, then dead-lettered with its error.
    - A job of unknown name or newer version, or whose payload cannot be decoded, is never run as something else: it
      waits for a worker that knows it, and is dead-lettered with its payload untouched when none came.
    - A job that outlives its timeout has failed.

    `redact` takes secrets out of the error that is kept.
    """

    registry: JobRegistry
    codec: PayloadCodec
    jitter: Jitter
    trace: TraceContext
    redact: Callable[[str], str]
    log: Log

    def timeout_of(self, job: Job) -> float:
        """Seconds that a run of this job may take, be it known here or not."""
        entry = self.registry.get(job.name)
        return entry.timeout(job) if entry else job.timeout or JobDefaults().timeout

    async def __call__(self, job: Job) -> JobOutcome:
        with self.trace.resume(job.trace, job_id=str(job.id), tenant_id=job.tenant_id):
            started = time.monotonic()
            try:
                entry, payload = self._read(job)
            except Unreadable as error:
                return self._unread(job, error, time.monotonic() - started)
            return await self._run(job, entry, payload, started)

    def _read(self, job: Job) -> tuple[JobEntry, object]:
        entry = self.registry.get(job.name)
        if entry is None:
            raise Unreadable("jobs.unknown_name", f"no job is named {job.name!r} here")
        if job.schema_version > entry.spec.schema_version:
            raise Unreadable("jobs.newer_version", f"version {job.schema_version} is newer than what is known here")
        try:
            payload: object = self.codec.decode(job.payload, entry.spec.payload)
        except UndecodablePayload as error:
            raise Unreadable("jobs.undecodable_payload", f"payload cannot be decoded: {error}") from error
        return entry, payload

    async def _run(self, job: Job, entry: JobEntry, payload: object, started: float) -> JobOutcome:
        run = JobRun(job_id=job.id, tenant_id=job.tenant_id, payload=payload, attempt=job.attempts)
        self.log.debug(log_events.JOB_STARTED, **fields_of(job))
        try:
            end = await self._within_timeout(job, entry, run)
        except Exception as error:
            code, seconds = _code_of(error), time.monotonic() - started
            fields = fields_of(job, seconds=seconds, error_code=code)
            self.log.exception(log_events.JOB_FAILED, error, **fields)
            return self._tried_in_vain(job, error, code, entry, seconds)
        seconds = time.monotonic() - started
        if isinstance(end, Again):
            return JobOutcome(trigger=JobTrigger.RELEASE, delay=end.delay, seconds=seconds)
        return JobOutcome(trigger=JobTrigger.COMPLETE, seconds=seconds)

    async def _within_timeout(self, job: Job, entry: JobEntry, run: JobRun[object]) -> Again | None:
        seconds = entry.timeout(job)
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await entry.handler()(run)
        except TimeoutError as error:
            if deadline.expired():
                raise JobTimedOut(f"timed out after {seconds:g} s") from error
            raise
        except asyncio.CancelledError as error:
            if being_cancelled():
                raise
            raise JobBrokeOff("a cancellation that nobody asked for came out of it") from error

    def _unread(self, job: Job, error: Unreadable, seconds: float) -> JobOutcome:
        """Given back without counting the try: whoever knows the job shall have all of them. The kept error counts."""
        before = _UNREAD.match(job.last_error or "")
        times = int(before[1]) + 1 if before else 1
        text = storable(self.redact(f"unread {times}: {error}"), MAX_ERROR)
        if times >= UNREADABLE_TRIES:
            return JobOutcome(trigger=JobTrigger.BURY, error=text, error_code=error.code, seconds=seconds)
        delay = self.jitter.spread(UNREADABLE_RETRY.after(times), UNREADABLE_RETRY.spread)
        return JobOutcome(trigger=JobTrigger.RELEASE, delay=delay, error=text, error_code=error.code, seconds=seconds)

    def _tried_in_vain(self, job: Job, error: Exception, code: str, entry: JobEntry, seconds: float) -> JobOutcome:
        text = storable(self.redact(f"{type(error).__name__}: {error}"), MAX_ERROR)
        if job.attempts >= entry.max_attempts(job):
            return JobOutcome(trigger=JobTrigger.BURY, error=text, error_code=code, seconds=seconds)
        delay = self.jitter.spread(entry.retry.after(job.attempts), entry.retry.spread)
        return JobOutcome(trigger=JobTrigger.RETRY, delay=delay, error=text, error_code=code, seconds=seconds)


class JobTimedOut(Exception):
    """The job took longer than its timeout"""

    code = "jobs.timed_out"


class JobBrokeOff(Exception):
    """The job was left by a cancellation that nobody asked for"""

    code = "jobs.broke_off"


def _code_of(error: Exception) -> str:
    return error.code if isinstance(error, CarillonError | JobTimedOut | JobBrokeOff) else "jobs.crashed"
