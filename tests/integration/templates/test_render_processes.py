"""Processes that render: killed, replaced, bounded, and knowing nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvloop

from application.ports.templates import ProblemCode, Rendered, RenderJob, RenderProblem, TemplateSource
from domain.notifications.channel import Channel
from domain.shared.errors import Unavailable
from infrastructure.system.bounded_executor import Overloaded
from infrastructure.templates.pooled import PooledTemplates
from infrastructure.templates.process_pool import RenderPool
from infrastructure.templates.render_process import RenderProcess, start_process
from infrastructure.templates.wire import Answer, Batch, frame

SOURCE = TemplateSource(channel=None, fields={"body": "{{ n }}"})


def job(number: int) -> RenderJob:
    return RenderJob(source=SOURCE, data={"n": number}, now=datetime(2026, 1, 1, tzinfo=UTC))


def answer(number: int) -> Rendered:
    return Rendered(fields={"body": str(number)})


def stop(process: RenderProcess) -> None:
    """Let it hang, as a call into a library that never returns would."""
    os.kill(process.process.pid, signal.SIGSTOP)


async def start_hanging() -> RenderProcess:
    process = await start_process()
    stop(process)
    return process


Pools = Callable[..., RenderPool]


@pytest.fixture
async def pools() -> AsyncIterator[Pools]:
    made: list[RenderPool] = []

    def make(
        processes: int = 1, waiting: int = 64, launch: Callable[[], Awaitable[RenderProcess]] = start_process
    ) -> RenderPool:
        made.append(RenderPool(processes=processes, waiting=waiting, launch=launch))
        return made[-1]

    yield make
    for pool in made:
        await pool.stop()


async def test_no_process_runs_until_something_is_rendered(pools: Pools) -> None:
    pool = pools()
    await pool.start()
    assert not pool.idle

    await PooledTemplates(pool).render(job(1))
    process = pool.idle[0].process
    await pool.stop()

    assert process.returncode == -signal.SIGKILL
    assert not pool.idle


async def test_the_same_process_serves_again_when_it_answered(pools: Pools) -> None:
    pool = pools()
    templates = PooledTemplates(pool)

    await templates.render(job(1))
    first = pool.idle[0].process.pid
    await templates.render_many([job(n) for n in range(100)])

    assert [each.process.pid for each in pool.idle] == [first]


async def test_the_job_is_rendered_by_another_process_when_one_hangs(pools: Pools) -> None:
    pool = pools()
    templates = PooledTemplates(pool, job_seconds=0.3)
    await templates.render(job(1))
    hanging = pool.idle[0]
    stop(hanging)

    assert await templates.render(job(2)) == answer(2)

    assert hanging.process.returncode == -signal.SIGKILL
    assert pool.idle[0].process.pid != hanging.process.pid


@pytest.mark.parametrize("loop_of", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("noticed", [False, True])
def test_another_process_is_used_when_one_died_while_it_was_idle(
    loop_of: Callable[[], asyncio.AbstractEventLoop], ended_by: signal.Signals, noticed: bool
) -> None:
    async def render() -> None:
        pool = RenderPool(processes=1, waiting=4)
        templates = PooledTemplates(pool)
        await templates.render(job(1))
        process = pool.idle[0].process
        os.kill(process.pid, ended_by)
        if noticed:
            await process.wait()

        assert await templates.render(job(2)) == answer(2)
        await pool.stop()

    with asyncio.Runner(loop_factory=loop_of) as runner:
        runner.run(render())


async def test_the_job_is_blamed_when_it_hangs_twice(pools: Pools) -> None:
    launched: list[RenderProcess] = []

    async def launch() -> RenderProcess:
        launched.append(await (start_hanging() if len(launched) < 2 else start_process()))
        return launched[-1]

    outcomes = await PooledTemplates(pools(launch=launch), job_seconds=0.3).render_many([job(1), job(2), job(3)])

    assert isinstance(outcomes[0], RenderProblem)
    assert outcomes[0].code is ProblemCode.TIMEOUT
    assert outcomes[1:] == [answer(2), answer(3)]
    assert [each.process.returncode for each in launched[:2]] == [-signal.SIGKILL] * 2


async def test_the_others_go_on_when_one_process_hangs(pools: Pools) -> None:
    pool = pools(processes=2)
    templates = PooledTemplates(pool, batch=5, job_seconds=0.5)
    await templates.render_many([job(n) for n in range(10)])
    stop(pool.idle[0])

    assert await templates.render_many([job(n) for n in range(40)]) == [answer(n) for n in range(40)]


@pytest.mark.parametrize(
    ("ended_by", "code"),
    [
        (signal.SIGKILL, ProblemCode.MEMORY),
        (signal.SIGABRT, ProblemCode.MEMORY),
        (signal.SIGSEGV, ProblemCode.LIMIT),
        (signal.SIGXCPU, ProblemCode.TIMEOUT),
    ],
)
async def test_the_problem_tells_what_ended_the_process_when_it_happens_twice(
    pools: Pools, ended_by: signal.Signals, code: ProblemCode
) -> None:
    async def launch() -> RenderProcess:
        process = await start_process()
        os.kill(process.process.pid, ended_by)
        return process

    outcome = await PooledTemplates(pools(launch=launch)).render(job(1))

    assert isinstance(outcome, RenderProblem)
    assert outcome.code is code


async def test_it_is_refused_at_once_when_too_many_wait(pools: Pools) -> None:
    templates = PooledTemplates(pools(waiting=1, launch=start_hanging), job_seconds=0.3)

    outcomes = await asyncio.gather(*(templates.render(job(n)) for n in range(4)), return_exceptions=True)

    assert [type(each) for each in outcomes].count(Overloaded) >= 2
    assert any(isinstance(each, RenderProblem) for each in outcomes)


async def test_the_rest_of_a_batch_is_answered_when_one_job_brings_the_process_down(pools: Pools) -> None:
    # More open elements than the stack of a process holds, behind ends that are none.
    crashing = TemplateSource(channel=Channel.EMAIL, fields={"html": "<div><!--</div>-->" * 14_000})
    jobs = [job(n) for n in range(6)]
    jobs[3] = RenderJob(source=crashing, data={}, now=jobs[0].now)

    outcomes = await PooledTemplates(pools()).render_many(jobs)

    assert isinstance(outcomes[3], RenderProblem)
    assert [each for each in outcomes if each is not outcomes[3]] == [answer(n) for n in (0, 1, 2, 4, 5)]


async def test_many_jobs_wait_for_themselves_when_few_may_wait(pools: Pools) -> None:
    templates = PooledTemplates(pools(processes=2, waiting=1), batch=2)

    assert await templates.render_many([job(n) for n in range(50)]) == [answer(n) for n in range(50)]


async def test_it_is_plainly_unavailable_when_many_jobs_find_no_process(
    pools: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(Unavailable):
        await PooledTemplates(pools(processes=2), batch=2).render_many([job(n) for n in range(9)])


async def test_it_is_the_process_that_failed_when_it_answers_nonsense(
    pools: Pools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ready = frame(Answer())
    for number, nonsense in enumerate((b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1")):
        (tmp_path / f"{number}.bin").write_bytes(ready + nonsense)
        script = tmp_path / f"{number}.sh"
        script.write_text(f"#!/bin/sh\ncat {tmp_path}/{number}.bin\nexec sleep 60\n", encoding="utf-8")
        script.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(script))

        outcome = await PooledTemplates(pools()).render(job(1))

        assert isinstance(outcome, RenderProblem)
        assert outcome.code is ProblemCode.MEMORY


def test_the_asking_side_loads_no_template_library_when_it_imports_the_adapter() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, infrastructure.templates.pooled; print(*sys.modules)"],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert not {"liquid", "mrml", "css_inline", "babel"} & set(told.stdout.split())


async def test_a_fresh_process_is_used_when_the_caller_went_away(pools: Pools) -> None:
    pool = pools()
    templates = PooledTemplates(pool)
    await templates.render(job(1))
    first = pool.idle[0]
    stop(first)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await templates.render(job(2))

    assert await templates.render(job(3)) == answer(3)
    assert first.process.returncode == -signal.SIGKILL


async def test_another_takes_its_place_when_a_process_has_grown_large(pools: Pools) -> None:
    class Grown(RenderProcess):
        """Says of itself after each batch what a process says that has grown by 256 MiB."""

        async def run(self, batch: Batch, seconds: float) -> list[Answer]:
            answers = await super().run(batch, seconds)
            self.worn_out = True
            return answers

    launched: list[RenderProcess] = []

    async def launch() -> RenderProcess:
        launched.append(Grown((await start_process()).process))
        return launched[-1]

    templates = PooledTemplates(pools(launch=launch))

    assert [await templates.render(job(n)) for n in range(3)] == [answer(n) for n in range(3)]
    assert len(launched) == 3


async def test_it_is_unavailable_when_no_process_can_be_started(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(Unavailable):
        await PooledTemplates(pools()).render(job(1))

    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(Unavailable):
        await PooledTemplates(pools()).render(job(1))


async def test_a_process_knows_no_secret_when_the_server_does(
    pools: Pools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTH_SECRET", "a" * 32)
    pool = pools()
    with (tmp_path / "open").open("w") as held:
        await PooledTemplates(pool).render(job(1))
        folder = Path("/proc") / str(pool.idle[0].process.pid)
        descriptors = {each.readlink() for each in (folder / "fd").iterdir() if each.is_symlink()}

    assert b"AUTH_SECRET" not in (folder / "environ").read_bytes()
    assert Path(held.name) not in descriptors
    assert not any("socket" in str(each) for each in descriptors - _standard(folder))


def _standard(folder: Path) -> set[Path]:
    """What it asks and answers through."""
    return {(folder / "fd" / str(number)).readlink() for number in range(3)}


async def test_a_process_ends_by_itself_when_nobody_can_ask_it_any_more() -> None:
    process = (await start_process()).process
    assert process.stdin is not None
    process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 10) == 0


HELD = """
from infrastructure.templates.worker import Limits
from infrastructure.templates.limits import OutOfTime
limits = Limits()
def tell(name, work):
    try:
        with limits.job(0.2):
            work()
    except (OutOfTime, MemoryError) as error:
        print(name, type(error).__name__)
    else:
        print(name, "ended")
def spin():
    while True:
        pass
tell("little", lambda: bytearray(32 << 20))
tell("much", lambda: bytearray(80 << 20))
tell("grown", lambda: [bytearray(1 << 20) for _ in range(80)])
tell("after", lambda: bytearray(32 << 20))
tell("spin", spin)
tell("swallowed", lambda: [1 for _ in range(10)])
bytearray(200 << 20)
print("free", "again")
"""


def test_memory_and_time_are_held_by_the_kernel_while_a_job_runs() -> None:
    root = Path(__file__).parents[3]
    told = subprocess.run(
        [sys.executable, "-c", HELD], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )

    assert told.stdout.split("\n") == [
        "little ended",
        "much MemoryError",
        "grown MemoryError",
        "after ended",
        "spin OutOfTime",
        "swallowed ended",
        "free again",
        "",
    ]
