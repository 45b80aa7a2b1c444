"""Templates rendered in processes that can be killed."""

import asyncio
from collections.abc import Sequence
from typing import Final

from application.ports.templates import Rendered, RenderJob, RenderProblem, Templates, TemplateSource
from infrastructure.templates.process_pool import RenderPool
from infrastructure.templates.render_process import RendererDied
from infrastructure.templates.wire import Answer, Batch, batch_of

BATCH: Final = 32
JOB_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 3.0

Outcome = Rendered | RenderProblem


class PooledTemplates(Templates):
    """Sends jobs to a pool, a few dozen at once.

    A job that does not answer in `job_seconds` has its process killed, and so does one that brings it down. It is tried
    once more, alone, as the machine may have stood still; then it is its own fault. The others go on.
    """

    def __init__(
        self,
        pool: RenderPool,
        *,
        batch: int = BATCH,
        job_seconds: float = JOB_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._pool = pool
        self._batch = batch
        self._job_seconds = job_seconds
        self._check_seconds = check_seconds

    async def check(self, source: TemplateSource) -> Sequence[RenderProblem]:
        try:
            answers = await self._pool.run(Batch(sources=[source], jobs=[]), self._check_seconds)
        except RendererDied as death:
            return [death.problem]
        return answers[0].problems or []

    async def render(self, job: RenderJob) -> Outcome:
        return (await self._rendered([job]))[0]

    async def render_many(self, jobs: Sequence[RenderJob]) -> Sequence[Outcome]:
        firsts = range(0, len(jobs), self._batch)
        done: dict[int, list[Outcome]] = {}
        waiting = iter(firsts)

        async def work_off() -> None:
            for first in waiting:
                done[first] = await self._rendered(jobs[first : first + self._batch])

        try:
            async with asyncio.TaskGroup() as group:
                # As many as can run: parts of one call do not fill the queue that others wait in.
                for _ in range(min(self._pool.processes, len(firsts))):
                    group.create_task(work_off())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [outcome for first in firsts for outcome in done[first]]

    async def _rendered(self, jobs: Sequence[RenderJob]) -> list[Outcome]:
        done: list[Outcome] = []
        while len(done) < len(jobs):
            waiting = jobs[len(done) :]
            try:
                answers = await self._pool.run(batch_of(waiting), self._job_seconds)
                done += map(_outcome, answers)
            except RendererDied as death:
                done += map(_outcome, death.answers)
                done.append(await self._alone(jobs[len(done)]))
        return done

    async def _alone(self, job: RenderJob) -> Outcome:
        try:
            return _outcome((await self._pool.run(batch_of([job]), self._job_seconds))[0])
        except RendererDied as death:
            return death.problem


def _outcome(answer: Answer) -> Outcome:
    return answer.rendered or (answer.problems or [])[0]
