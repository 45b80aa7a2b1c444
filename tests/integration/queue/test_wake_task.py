"""What a wake-up does where it arrives."""

import asyncio
import logging

import pytest
from taskiq import AsyncBroker, InMemoryBroker
from taskiq.message import TaskiqMessage

from application.jobs.wake_bus import WakeBus
from infrastructure.queue.wake_task import TASK, register_tasks
from tests.contracts.wake_rigs import Dozer


@pytest.fixture
def bus() -> WakeBus:
    return WakeBus()


@pytest.fixture
def broker(bus: WakeBus) -> InMemoryBroker:
    made = InMemoryBroker(await_inplace=True)
    register_tasks(made, bus)
    return made


async def arrive(broker: AsyncBroker, queue: str) -> None:
    message = TaskiqMessage(task_id="1", task_name=TASK, labels={"queue": queue}, args=[queue], kwargs={})
    await broker.kick(broker.formatter.dumps(message))


async def test_it_is_over_when_what_was_due_is_done(broker: InMemoryBroker, bus: WakeBus) -> None:
    loop = Dozer()
    loop.done.clear()
    bus.listen("notifications", loop)
    task = asyncio.create_task(arrive(broker, "notifications"))
    await asyncio.sleep(0.02)
    assert loop.woken == 1
    assert not task.done()
    loop.done.set()
    await asyncio.wait_for(task, 1)


async def test_one_waits_for_all_when_many_arrive(broker: InMemoryBroker, bus: WakeBus) -> None:
    loop = Dozer()
    loop.done.clear()
    bus.listen("notifications", loop)
    tasks = [asyncio.create_task(arrive(broker, "notifications")) for _ in range(50)]
    await asyncio.sleep(0.1)

    assert loop.woken == 50
    assert sum(not task.done() for task in tasks) == 1
    loop.done.set()
    await asyncio.gather(*tasks)


async def test_it_waits_no_longer_than_it_may(
    broker: InMemoryBroker, bus: WakeBus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("infrastructure.queue.wake_task.DRAIN_SECONDS", 0.05)
    loop = Dozer()
    loop.done.clear()
    bus.listen("notifications", loop)
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(arrive(broker, "notifications"), 1)

    assert caplog.records == []


async def test_it_is_over_at_once_when_nobody_listens(broker: InMemoryBroker) -> None:
    await asyncio.wait_for(arrive(broker, "notifications"), 1)
