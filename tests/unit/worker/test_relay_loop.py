"""When the relay looks: woken by commits, and of its own accord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from application.ports.event_relay import RELAY_QUEUE
from application.relay.relay_loop import BUSY_SECONDS, LONGEST_REST, RelayLoop
from application.relay.relay_state import LEASE
from domain.shared.errors import Unavailable
from tests.unit.worker.relays import Relay
from tests.unit.worker.world import World, until


@pytest.fixture
def relay() -> Relay:
    return Relay(World())


class Rests:
    """The pauses that a loop makes of its own accord: each lasts until it is ended here, which waits for it first."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[float] = asyncio.Queue(maxsize=100)
        self._end = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.begun.put_nowait(seconds)
        await self._end.wait()
        self._end.clear()

    async def next(self) -> float:
        """Wait for one to begin; its seconds."""
        return await asyncio.wait_for(self.begun.get(), 5)

    def end(self) -> None:
        self._end.set()


@asynccontextmanager
async def looping(relay: Relay, rests: Rests) -> AsyncIterator[None]:
    loop = RelayLoop(
        relay_events=relay.events,
        fold_tallies=relay.tallies,
        state=relay.state,
        bus=relay.world.bus,
        ports=relay.world.ports,
        sleep=rests,
    )
    await loop.start()
    try:
        yield
    finally:
        await loop.stop()


@pytest.fixture
def no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the loop does of its own accord it does an hour later."""
    monkeypatch.setattr("application.relay.relay_loop.IDLE_SECONDS", 3600.0)


@pytest.mark.usefixtures("no_sweep")
async def test_events_are_relayed_at_once_when_they_are_committed(relay: Relay) -> None:
    rests = Rests()
    async with looping(relay, rests):
        await until(lambda: relay.state.lease.fresh)
        await relay.append("a")
        await until(lambda: len(relay.broker.published) == 1)


@pytest.mark.usefixtures("no_sweep")
async def test_many_commits_share_a_round_when_the_relay_is_busy(relay: Relay) -> None:
    rests = Rests()
    async with looping(relay, rests):
        await until(lambda: relay.state.lease.fresh)
        await relay.append("first")
        assert await rests.next() == BUSY_SECONDS
        for number in range(30):
            await relay.append(str(number))
        assert len(relay.broker.batches) == 1
        rests.end()
        assert await rests.next() == BUSY_SECONDS

    assert [len(batch) for batch in relay.broker.batches] == [1, 30]


@pytest.mark.usefixtures("no_sweep")
async def test_wake_ups_are_not_heard_when_another_process_is_the_relay(relay: Relay) -> None:
    world, rests, asked = relay.world, Rests(), list[bool]()
    other = Relay(World(owner="other", beside=world))
    await other.append("a")
    await other.events()()

    async def count() -> None:
        asked.append(True)

    world.before_transaction = count
    async with looping(relay, rests):
        assert await rests.next() == 3600.0
        before = len(asked)
        world.bus.wake([RELAY_QUEUE])
        rests.end()
        assert await rests.next() == 3600.0
        after_one_round = len(asked) - before

    assert after_one_round == before


@pytest.mark.usefixtures("no_sweep")
async def test_the_loop_goes_on_after_a_failure_and_leaves_the_lease_when_it_stops(relay: Relay) -> None:
    async def away() -> None:
        raise Unavailable("planted")

    world, rests = relay.world, Rests()
    async with looping(relay, rests):
        await until(lambda: relay.state.lease.fresh)
        world.before_transaction = away
        world.bus.wake([RELAY_QUEUE])
        assert await rests.next() == LONGEST_REST
        assert len(world.log.lines("relay.round_failed")) == 1
        world.before_transaction = None
        await relay.append("a")
        rests.end()
        await until(lambda: len(relay.broker.published) == 1)

    assert world.database.leases.committed.get(LEASE) is None
