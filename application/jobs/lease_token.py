"""The fencing token of a leased job."""

from domain.jobs.job import Job


def token_of(job: Job) -> int:
    """The fencing token of a leased job."""
    assert job.lease is not None, "a claimed job is leased"
    return job.lease.token
