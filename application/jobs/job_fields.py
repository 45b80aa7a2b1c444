"""What every log line about a job carries."""

from domain.jobs.job import Job


def fields_of(job: Job, *, seconds: float | None = None, error_code: str | None = None) -> dict[str, object]:
    """The fields that `log_events` promises: how long it took where it ended, and a code where it failed."""
    fields: dict[str, object] = {
        "job_id": str(job.id),
        "job": job.name,
        "queue": job.queue,
        "attempt": job.attempts,
    }
    if seconds is not None:
        fields["duration_ms"] = round(seconds * 1000, 1)
    if error_code is not None:
        fields["error_code"] = error_code
    return fields
