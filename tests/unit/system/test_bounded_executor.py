"""Threads for blocking work, with a bounded waiting room."""

import asyncio
import threading

import pytest

from domain.shared.errors import Unavailable
from infrastructure.system.bounded_executor import BoundedExecutor


@pytest.fixture
def executor() -> BoundedExecutor:
    return BoundedExecutor("test", threads=1, waiting=1)


async def test_the_result_comes_back_when_work_is_done_in_a_thread(executor: BoundedExecutor) -> None:
    def work(base: int, *, times: int) -> tuple[int, str]:
        return base * times, threading.current_thread().name

    product, thread = await executor.run(work, 21, times=2)

    assert product == 42
    assert thread.startswith("test")
    await executor.stop()


async def test_what_work_raises_comes_back_and_frees_its_place_when_it_fails(executor: BoundedExecutor) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await executor.run(lambda: 1 // 0)
    await executor.stop()


async def test_work_is_refused_with_a_hint_when_every_place_is_taken(executor: BoundedExecutor) -> None:
    go = threading.Event()
    taken = [asyncio.create_task(executor.run(go.wait, 5)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as refusal:
        await executor.run(go.wait, 5)

    go.set()
    assert (refusal.value.code, refusal.value.retry_after) == ("system.overloaded", 1.0)
    assert await asyncio.gather(*taken) == [True, True]
    assert await executor.run(lambda: "again") == "again"
    await executor.stop()


async def test_waiting_work_is_dropped_and_running_work_keeps_its_place_when_callers_are_cancelled(
    executor: BoundedExecutor,
) -> None:
    go, running, dropped = threading.Event(), threading.Event(), threading.Event()

    def blocking() -> None:
        running.set()
        go.wait(5)

    runs = asyncio.create_task(executor.run(blocking))
    assert await asyncio.to_thread(running.wait, 5)
    waits = asyncio.create_task(executor.run(dropped.set))
    await asyncio.sleep(0)
    waits.cancel()
    runs.cancel()
    await asyncio.wait([runs, waits])

    second = asyncio.create_task(executor.run(lambda: "second"))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await executor.run(lambda: "third")
    go.set()
    assert await second == "second"
    assert not dropped.is_set()
    await executor.stop()


async def test_accepted_work_ends_and_the_executor_can_be_used_again_when_it_was_stopped(
    executor: BoundedExecutor,
) -> None:
    go = threading.Event()
    accepted = asyncio.create_task(executor.run(go.wait, 5))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(executor.stop())
    await asyncio.sleep(0)
    go.set()
    await stopping

    assert await accepted
    assert await executor.run(lambda: 1) == 1
    await executor.stop()
    await executor.stop()
