"""One process that renders, seen from the side that asks."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from application.ports.templates import ProblemCode, RenderProblem
from domain.shared.errors import Unavailable
from infrastructure.templates.limits import MEMORY_MESSAGE, TIMEOUT_MESSAGE
from infrastructure.templates.wire import LENGTH_BYTES, READ_BUFFER, Answer, Batch, frame

_ROOT: Final = Path(__file__).parents[2]
_MODULE: Final = "infrastructure.templates.worker"
_START_SECONDS: Final = 30.0
_RETRY_AFTER: Final = 5.0


class RendererDied(Exception):
    """A process ended, or was ended, before it had answered; `problem` is what the job must have done to it"""

    def __init__(self, problem: RenderProblem, answers: Sequence[Answer]) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.answers = answers


@dataclass(slots=True)
class RenderProcess:
    """A running process. It knows nothing of ours but its batches: its environment is empty, its errors go nowhere."""

    process: Process
    worn_out: bool = False

    @property
    def alive(self) -> bool:
        """Whether it can still be asked, as far as is known."""
        return (
            self.process.returncode is None and self.process.stdin is not None and not self.process.stdin.is_closing()
        )

    async def run(self, batch: Batch, seconds: float) -> list[Answer]:
        """An answer to each job, or one to a check. Raises `RendererDied` when one takes longer than `seconds`."""
        answers: list[Answer] = []
        try:
            await self._send(frame(batch), seconds)
            while len(answers) < max(1, len(batch.jobs)):
                answers.append(await self._answer(seconds))
        except TimeoutError:
            await self.kill()
            raise RendererDied(_problem(ProblemCode.TIMEOUT), answers) from None
        except msgspec.DecodeError:
            await self.kill()
            raise RendererDied(_problem(ProblemCode.MEMORY), answers) from None
        except (OSError, EOFError):
            code = await self.process.wait()
            raise RendererDied(_problem_of_exit(code), answers) from None
        self.worn_out = answers[-1].retire
        return answers

    async def kill(self) -> None:
        """End it at once, whatever it is doing, and wait until it has gone."""
        self.kill_soon()
        await self.process.wait()

    def kill_soon(self) -> None:
        """End it at once, without waiting. Idempotent."""
        if self.process.returncode is None:
            try:
                self.process.kill()
            except ProcessLookupError:
                return

    async def ready(self) -> None:
        """Wait until it has loaded what it needs. Raises `Unavailable`."""
        try:
            await self._answer(_START_SECONDS)
        except (OSError, EOFError, msgspec.DecodeError) as error:  # A deadline is an OSError, too.
            await self.kill()
            raise Unavailable("No process that renders could be started", retry_after=_RETRY_AFTER) from error

    async def _send(self, data: bytes, seconds: float) -> None:
        assert self.process.stdin is not None
        if not self.alive:
            raise BrokenPipeError  # uvloop has an error of its own for that.
        self.process.stdin.write(data)
        async with asyncio.timeout(seconds):
            await self.process.stdin.drain()

    async def _answer(self, seconds: float) -> Answer:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            head = await self.process.stdout.readexactly(LENGTH_BYTES)
            length = int.from_bytes(head, "big")
            if length > READ_BUFFER:
                raise msgspec.DecodeError("no answer is so long")
            body = await self.process.stdout.readexactly(length)
        return msgspec.msgpack.decode(body, type=Answer)


async def start_process() -> RenderProcess:
    """A process that waits for batches. Raises `Unavailable`."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, cwd=_ROOT, env={"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"},
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=READ_BUFFER, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Unavailable("No process that renders could be started", retry_after=_RETRY_AFTER) from error
    started = RenderProcess(process)
    try:
        await started.ready()
    except asyncio.CancelledError:
        started.kill_soon()
        raise
    return started


def _problem_of_exit(code: int) -> RenderProblem:
    """What ended a process tells what its job did: it used the stack up, the processor, or the memory."""
    match -code:
        case signal.SIGSEGV:
            return RenderProblem(code=ProblemCode.LIMIT, message="is nested too deeply")
        case signal.SIGXCPU:
            return _problem(ProblemCode.TIMEOUT)
        case _:
            return _problem(ProblemCode.MEMORY)


def _problem(code: ProblemCode) -> RenderProblem:
    return RenderProblem(code=code, message=TIMEOUT_MESSAGE if code is ProblemCode.TIMEOUT else MEMORY_MESSAGE)
