"""Taking runs as far as they can go."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.run_queue import ClaimedRun
from application.shared.run_once import SystemUnitOfWorkFactory
from application.workflows.http_step import HttpSteps
from application.workflows.load_runs import RunLoader
from application.workflows.run_writer import RunWriter
from application.workflows.scene import Advanced
from application.workflows.step_runner import StepRunner

Finished = Callable[[ClaimedRun], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceRuns:
    """Run the next steps of leased runs until each waits, asks for something or is over, and write what they did.

    Steps are decided and rendered with no connection held. What they did is written only for runs whose lease is still
    ours, with the place they have reached: each step counts once, whoever dies when. Nothing is written of a run that
    was cancelled meanwhile. Those that make a request make it when the others are written, all at the same time; each
    is written by itself when it has its answer, so that none waits for a slow server but its own.
    Raises `Unavailable` when nothing can be rendered or written now, after what could be was.
    """

    unit_of_work: SystemUnitOfWorkFactory
    loader: RunLoader
    runner: StepRunner
    http_steps: HttpSteps
    writer: RunWriter
    clock: Clock

    async def __call__(self, claimed: Sequence[ClaimedRun], finished: Finished | None = None) -> None:
        """`finished` is called for each run as soon as it is written."""
        async with self.unit_of_work() as uow:
            scenes = await self.loader.load(uow, claimed)
        now = self.clock.now()
        advanced = [await self.runner.advance(scene, now) for scene in scenes]
        calling = [each for each in advanced if each.call is not None]
        await self._write([each for each in advanced if each.call is None], finished)
        # As many at most as are claimed at once.
        ends = await asyncio.gather(*(self._call(each, finished) for each in calling), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _call(self, advanced: Advanced, finished: Finished | None) -> None:
        await self.http_steps.perform(advanced)
        await self._write([advanced], finished)

    async def _write(self, advanced: Sequence[Advanced], finished: Finished | None) -> None:
        if not advanced:
            return
        async with self.unit_of_work() as uow:
            await self.writer.write(uow, advanced, self.clock.now())
            await uow.commit()
        if finished is not None:
            for each in advanced:
                finished(each.scene.claimed)
