"""What holds for jobs that say nothing themselves, and who may say otherwise (QUE-06, QUE-07)."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.bootstrap.container import build_container
from application.shared.job_run import JobRun
from application.shared.job_spec import JobDefaults
from domain.jobs.job import JobStatus
from domain.jobs.retry_delay import BackoffType, ExponentialDelay, FixedDelay, LinearDelay
from infrastructure.config.loader import load_settings
from infrastructure.config.settings import Settings
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, until


class Thrice:
    """A schedule that nobody here has thought of."""

    spread = 0.0

    def after(self, attempt: int) -> float:
        """7, 49, …"""
        return 7.0**attempt


async def fail(_: JobRun[Note]) -> None:
    raise ValueError("in vain")


def settings_of(folder: Path, **environment: str) -> Settings:
    return load_settings({"AUTH_SECRET": "a secret that is long enough for the tests", **environment}, folder)


@pytest.mark.parametrize(
    ("spec", "waits"),
    [
        ({}, [2.0, 4.0]),
        ({"max_attempts": 4}, [2.0, 4.0, 6.0]),
        ({"retry": FixedDelay(base=9.0)}, [9.0, 9.0]),
        ({"retry": Thrice()}, [7.0, 49.0]),
    ],
    ids=["nothing", "tries", "waits", "waits of its own making"],
)
async def test_waits_and_tries_are_the_operators_when_the_job_does_not_say(
    spec: dict[str, Any],  # Any: fields of JobSpec
    waits: list[float],
) -> None:
    world = World()
    world.job_defaults = JobDefaults(max_attempts=3, retry=LinearDelay(base=2.0))
    world.handle(fail, **spec)
    job_id = await world.enqueue()
    seen: list[float] = []
    async with world.working():
        for attempt in range(1, len(waits) + 1):
            await until(partial(_waits, world, job_id, attempt))
            seen.append(world.job_due_in(job_id))
            world.clock.advance(seen[-1])
        await until(lambda: world.job(job_id).status is JobStatus.DEAD)

    assert seen == waits
    assert world.job(job_id).attempts == len(waits) + 1


async def test_tries_are_the_jobs_own_when_it_was_enqueued_with_a_number() -> None:
    world = World()
    world.handle(fail, max_attempts=25)
    job_id = await world.enqueue(max_attempts=1)
    async with world.working():
        await until(lambda: world.job(job_id).status is JobStatus.DEAD)

    assert world.job(job_id).attempts == 1


@pytest.mark.parametrize(("spec", "told"), [({}, "0.05"), ({"timeout": 0.07}, "0.07")], ids=["operator's", "its own"])
async def test_a_try_is_ended_after_the_operators_time_when_the_job_does_not_say(
    spec: dict[str, Any],  # Any: fields of JobSpec
    told: str,
) -> None:
    async def hang(_: JobRun[Note]) -> None:
        await asyncio.Event().wait()

    world = World()
    world.job_defaults = JobDefaults(timeout=0.05)
    world.handle(hang, **spec)
    job_id = await world.enqueue()
    async with world.working():
        await until(lambda: _waits(world, job_id, 1))

    assert world.job(job_id).last_error == f"JobTimedOut: timed out after {told} s"


def test_defaults_are_three_tries_and_doubled_waits_of_three_seconds_when_nothing_is_set(tmp_path: Path) -> None:
    registry = build_container(settings_of(tmp_path)).job_registry()

    assert {entry.defaults for entry in registry.values()} == {
        JobDefaults(max_attempts=3, timeout=300.0, retry=ExponentialDelay(base=3.0))
    }


def test_defaults_are_what_the_environment_says_when_it_says_something(tmp_path: Path) -> None:
    environment = {
        "QUEUE_ATTEMPTS": "7",
        "QUEUE_BACKOFF_MS": "250",
        "QUEUE_BACKOFF_TYPE": "linear",
        "QUEUE_JOB_TIMEOUT": "2m",
    }
    registry = build_container(settings_of(tmp_path, **environment)).job_registry()

    assert {entry.defaults for entry in registry.values()} == {
        JobDefaults(max_attempts=7, timeout=120.0, retry=LinearDelay(base=0.25))
    }
    assert registry["relay.redeliver_event"].retry == ExponentialDelay(base=5.0)


@pytest.mark.parametrize("kind", BackoffType)
def test_every_kind_of_growth_can_be_chosen_when_it_is_named(kind: BackoffType, tmp_path: Path) -> None:
    assert settings_of(tmp_path, QUEUE_BACKOFF_TYPE=kind.value).queue.backoff_type is kind


def _waits(world: World, job_id: UUID, attempts: int) -> bool:
    job = world.job(job_id)
    return job.status is JobStatus.PENDING and job.attempts == attempts
