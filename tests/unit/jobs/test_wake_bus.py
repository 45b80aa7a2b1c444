"""Who is woken in this process."""

import asyncio

from application.jobs.wake_bus import Sleeper, WakeBus


class Dozer(Sleeper):
    """Counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0
        self.done = asyncio.Event()

    def wake(self) -> None:
        self.woken += 1

    async def drained(self) -> None:
        await self.done.wait()


def test_those_of_the_queue_are_woken_and_each_once() -> None:
    bus, one, other = WakeBus(), Dozer(), Dozer()
    bus.listen("a", one)
    bus.listen("b", one)
    bus.listen("b", other)
    bus.wake(["a", "b"])

    assert (one.woken, other.woken) == (1, 1)


def test_nothing_happens_when_nobody_listens() -> None:
    bus = WakeBus()
    bus.wake(["a"])

    assert bus.queues == ()


def test_one_that_was_forgotten_sleeps_on() -> None:
    bus, one, other = WakeBus(), Dozer(), Dozer()
    bus.listen("a", one)
    bus.listen("a", one)
    bus.listen("b", other)
    bus.forget(one)
    bus.wake(["a", "b"])

    assert (one.woken, other.woken) == (0, 1)
    assert bus.queues == ("b",)


async def test_the_queue_is_drained_when_all_who_look_at_it_are() -> None:
    bus, one, other = WakeBus(), Dozer(), Dozer()
    bus.listen("a", one)
    bus.listen("a", other)
    waiting = asyncio.create_task(bus.drained("a"))
    one.done.set()
    await asyncio.sleep(0)
    assert not waiting.done()
    other.done.set()
    await asyncio.wait_for(waiting, 1)
    await asyncio.wait_for(bus.drained("nobody's"), 1)
