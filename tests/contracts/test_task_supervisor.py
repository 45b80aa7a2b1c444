"""TaskSupervisor. One adapter: nothing but asyncio runs tasks here, and tests use the same one."""

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any

import pytest

from application.ports.task_supervisor import TaskSupervisor
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor


@pytest.fixture
def supervisor() -> TaskSupervisor:
    return AsyncioTaskSupervisor()


async def test_work_runs_while_the_caller_goes_on_when_spawned(supervisor: TaskSupervisor) -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("work")

    supervisor.spawn("work", work())
    steps.append("caller")
    await supervisor.drain(1)

    assert steps == ["caller", "work"]


async def test_nothing_is_raised_and_others_go_on_when_a_task_crashes(supervisor: TaskSupervisor) -> None:
    ended = asyncio.Event()

    async def crash() -> None:
        raise LookupError("planted")

    async def work() -> None:
        await asyncio.sleep(0)
        ended.set()

    supervisor.spawn("crash", crash())
    supervisor.spawn("work", work())
    await supervisor.drain(1)

    assert ended.is_set()


async def test_running_work_ends_by_itself_when_the_drain_has_time(supervisor: TaskSupervisor) -> None:
    go, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        ended.set()

    supervisor.spawn("work", work())
    asyncio.get_running_loop().call_later(0.01, go.set)
    await supervisor.drain(5)

    assert ended.is_set()


async def test_work_is_cancelled_and_may_clean_up_when_the_drain_runs_out_of_time(supervisor: TaskSupervisor) -> None:
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("clean")

    supervisor.spawn("work", work())
    await asyncio.sleep(0)
    await supervisor.drain(0.01)

    assert steps == ["clean"]


async def test_work_is_closed_without_running_when_the_drain_has_begun(supervisor: TaskSupervisor) -> None:
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()

    await supervisor.drain(0)
    refused: Coroutine[Any, Any, None] = work()
    supervisor.spawn("late", refused)
    await asyncio.sleep(0)

    assert not ran.is_set()
    assert inspect.getcoroutinestate(refused) == inspect.CORO_CLOSED


async def test_the_second_drain_returns_at_once_when_the_first_is_over(supervisor: TaskSupervisor) -> None:
    await supervisor.drain(0)

    await asyncio.wait_for(supervisor.drain(60), 1)
