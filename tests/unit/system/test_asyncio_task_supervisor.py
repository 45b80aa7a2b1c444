"""What the asyncio supervisor counts and logs beyond its contract (F-12)."""

import asyncio
import gc

from structlog.testing import capture_logs

from infrastructure.system.task_supervisor import AsyncioTaskSupervisor, TaskCounts


async def crash() -> None:
    raise LookupError("planted")


async def test_a_crash_is_logged_with_its_cause_and_counted_when_a_task_fails() -> None:
    with capture_logs() as logs:
        supervisor = AsyncioTaskSupervisor()
        supervisor.spawn("relay", crash())
        await supervisor.drain(1)

    (entry,) = logs
    assert (entry["event"], entry["log_level"], entry["task"]) == ("task_crashed", "error", "relay")
    assert isinstance(entry["exc_info"], LookupError)
    assert supervisor.counts() == {"relay": TaskCounts(running=0, started=1, crashed=1)}


async def test_counts_are_kept_by_name_when_tasks_run() -> None:
    supervisor = AsyncioTaskSupervisor()
    go = asyncio.Event()

    async def wait() -> None:
        await go.wait()

    for name in ("sweep", "sweep", "relay"):
        supervisor.spawn(name, wait())

    assert supervisor.counts()["sweep"] == TaskCounts(running=2, started=2, crashed=0)
    go.set()
    await supervisor.drain(1)
    assert supervisor.counts()["sweep"] == TaskCounts(running=0, started=2, crashed=0)


async def test_a_task_lives_on_when_nobody_else_refers_to_it() -> None:
    supervisor = AsyncioTaskSupervisor()
    ended = asyncio.Event()

    async def wait_for_something_unreachable() -> None:
        future: asyncio.Future[None] = asyncio.Future()
        asyncio.get_running_loop().call_later(0.01, future.set_result, None)
        await future
        ended.set()

    supervisor.spawn("alone", wait_for_something_unreachable())
    await asyncio.sleep(0)
    gc.collect()

    await asyncio.wait_for(ended.wait(), 1)
    await supervisor.drain(1)


async def test_a_cancelled_task_is_no_crash_when_the_drain_runs_out_of_time() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    supervisor = AsyncioTaskSupervisor()
    supervisor.spawn("slow", asyncio.sleep(60))
    await supervisor.drain(0.01)
    await asyncio.sleep(0)

    assert complaints == []
    assert supervisor.counts() == {"slow": TaskCounts(running=0, started=1, crashed=0)}


async def test_a_task_is_named_and_left_behind_when_it_ignores_its_cancellation() -> None:
    go = asyncio.Event()

    async def stubborn() -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    with capture_logs() as logs:
        supervisor = AsyncioTaskSupervisor(cancel_grace=0.01)
        supervisor.spawn("stubborn", stubborn())
        await asyncio.wait_for(supervisor.drain(0.01), 1)

    assert [(entry["event"], entry["task"]) for entry in logs] == [("task_ignored_cancellation", "stubborn")]
    go.set()
    await supervisor.drain(1)


async def test_draining_does_not_wait_for_itself_when_a_supervised_task_drains() -> None:
    supervisor = AsyncioTaskSupervisor()
    drained = asyncio.Event()

    async def shut_down() -> None:
        await supervisor.drain(5)
        drained.set()

    supervisor.spawn("signals", shut_down())

    await asyncio.wait_for(drained.wait(), 1)


async def test_work_is_accepted_again_when_started_after_a_stop() -> None:
    supervisor = AsyncioTaskSupervisor(drain_timeout=0.01)
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    await supervisor.stop()
    await supervisor.start()
    supervisor.spawn("work", work())

    await asyncio.wait_for(done.wait(), 1)
    await supervisor.stop()
