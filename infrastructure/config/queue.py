"""Jobs and the wake-ups that announce them."""

from pathlib import Path
from typing import Annotated

from domain.jobs.retry_delay import BackoffType
from infrastructure.config import drivers
from infrastructure.config.database_url import password_hidden
from infrastructure.config.parsers import seconds
from infrastructure.config.redis import EXPECTS, PREFIX, PREFIX_EXPECTS, redis_url
from infrastructure.config.section import Section, key


class QueueSettings(Section, frozen=True, kw_only=True):
    """Queue"""

    driver: Annotated[
        str,
        key(
            "QUEUE_DRIVER",
            "What carries wake-ups; memory reaches one process alone. Rows are the truth: a lost wake-up costs 1 s.",
            parse=drivers.QUEUE,
            expects=drivers.QUEUE.names,
        ),
    ] = "file"
    prefix: Annotated[
        str,
        key(
            "QUEUE_PREFIX",
            "Keeps two installations apart that share a folder or a server.",
            pattern=PREFIX,
            expects=PREFIX_EXPECTS,
        ),
    ] = "app"
    jobs_dir: Annotated[
        Path,
        key("JOBS_DIR", "Files that the file driver touches, one per queue.", default="<FILE_EXTERNAL_BASE_PATH>/jobs"),
    ]
    redis_url: Annotated[
        str,
        key(
            "QUEUE_REDIS_URL",
            "The redis driver's own server; one that is away costs wake-ups, which cost 1 s.",
            parse=redis_url,
            expects=EXPECTS,
            default="<REDIS_URL>",
            mask=password_hidden,
        ),
    ]
    attempts: Annotated[
        int, key("QUEUE_ATTEMPTS", "Tries in all of a job that says nothing itself, the first included.", ge=1, le=50)
    ] = 3
    backoff_ms: Annotated[
        int,
        key("QUEUE_BACKOFF_MS", "Milliseconds before the second try of such a job.", ge=1, le=3_600_000),
    ] = 3_000
    backoff_type: Annotated[
        BackoffType,
        key(
            "QUEUE_BACKOFF_TYPE",
            "How further waits grow: doubled, the same, or by the first one each; an hour at most, spread by a fifth.",
        ),
    ] = BackoffType.EXPONENTIAL
    job_timeout: Annotated[
        float,
        key(
            "QUEUE_JOB_TIMEOUT",
            "A try of such a job that takes longer has failed.",
            parse=seconds,
            ge=0.1,
            le=86_400,
        ),
    ] = 300.0
    keep_completed: Annotated[
        float,
        key("JOBS_KEEP_COMPLETED", "How long a finished job can be looked at.", parse=seconds, ge=0, le=31_536_000),
    ] = 86_400.0
    keep_failed: Annotated[
        float,
        key(
            "JOBS_KEEP_FAILED",
            "How long a dead letter waits for somebody: two weeks outlast a holiday.",
            parse=seconds,
            ge=0,
            le=31_536_000,
        ),
    ] = 1_209_600.0

    @property
    def client(self) -> str:
        """`redis` or `none`: whose connections the driver uses."""
        return "redis" if self.driver == "redis" else "none"
