"""What the settings want of workers and of the upkeep."""

from application.jobs.worker import WorkerPlan
from application.maintenance.sweep_expired import RetentionRules
from application.notifications.channel_policy import ChannelPolicies
from application.shared.job_spec import JobDefaults
from domain.jobs.retry_delay import retry_delay
from domain.notifications.channel import Channel
from infrastructure.config.queue import QueueSettings
from infrastructure.config.sse import SseSettings
from infrastructure.config.worker import WorkerSettings

DAY = 86_400.0
# Of the time to shut down, this share is for the work in flight; the rest is for what closes after it.
DRAIN_SHARE = 0.8


def worker_plan(settings: WorkerSettings, shutdown_timeout: float, policies: ChannelPolicies) -> WorkerPlan:
    """Lanes for every channel that is leased: `in_app` never is."""
    leased = [channel for channel in Channel if channel is not Channel.IN_APP]
    return WorkerPlan(
        queues=tuple(settings.queues),
        slots={channel: getattr(settings.slots, channel.value) for channel in leased},
        job_slots=settings.job_slots,
        homes={channel: policies[channel].queue for channel in leased},
        sweep_seconds=settings.sweep_seconds,
        drain_seconds=shutdown_timeout * DRAIN_SHARE,
    )


def job_defaults(queue: QueueSettings) -> JobDefaults:
    """What holds for jobs that say nothing themselves."""
    return JobDefaults(
        max_attempts=queue.attempts,
        timeout=queue.job_timeout,
        retry=retry_delay(queue.backoff_type, queue.backoff_ms / 1_000),
    )


def retention_rules(queue: QueueSettings, sse: SseSettings) -> RetentionRules:
    """How long jobs and stream updates are kept."""
    return RetentionRules(
        succeeded_jobs=queue.keep_completed,
        dead_jobs=queue.keep_failed,
        streams=sse.replay_days * DAY,
        stream_updates=sse.replay_size,
    )
