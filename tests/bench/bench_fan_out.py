"""Events to many open streams: many connections of one stream, and a topic of as many subscribers end to end.

Beside a bare ASGI application in which the publisher calls each connection's `send` with one shared frame.
"""

import argparse
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.bench.burst import BURST_SIGNAL
from tests.bench.carillon import Backend, Carillon
from tests.bench.followers import Followers
from tests.bench.http_connection import get
from tests.bench.rounds import Figures, Results, percentile, take_turns, verdict
from tests.bench.running import arguments, run
from tests.bench.stage import Program, Stage
from tests.e2e.processes import free_port

LAST_EVENTS_SECONDS = 60.0
EVENTS = 100
WARM_UP = 20
BARE = "bare ASGI, one shared frame"
HUB = "Carillon, one stream"
TOPIC = "Carillon, a topic, POST to last stream"
COLUMNS = {"per second": "{:,.0f}", "p50 ms": "{:.1f}", "p99 ms": "{:.1f}", "CPU µs each": "{:.1f}"}
MEMORY = {"kB each": "{:.1f}"}


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Streams that are open, and what the server needs for each of them."""

    programs: Sequence[Program]
    followers: Followers
    size: int
    kb_each: float

    @classmethod
    async def gather(
        cls, stack: AsyncExitStack, port: int, programs: Sequence[Program], streams: Sequence[bytes], opened_by: bytes
    ) -> "Crowd":
        """Open them all; the first of `programs` serves them, and has served a few before."""
        async with Followers(port, streams[:WARM_UP], opened_by):
            pass
        before = programs[0].rss_kb()
        followers = await stack.enter_async_context(Followers(port, streams, opened_by))
        size = len(streams)
        return cls(programs=programs, followers=followers, size=size, kb_each=(programs[0].rss_kb() - before) / size)

    async def burst(self) -> Figures:
        """Let the server publish by itself."""
        used = self._cpu()
        os.kill(self.programs[0].pid, BURST_SIGNAL)
        return await self._figures(EVENTS, used)

    async def posted(self, backend: Backend) -> Figures:
        """Notify the whole topic at once."""
        used = self._cpu()
        content = {"title": f"#{time.perf_counter_ns()}", "body": "x" * 120}
        await backend.post("/notifications", {"to": [{"topic": "crowd"}], "content": content})
        return await self._figures(1, used)

    async def _figures(self, events: int, used: float) -> Figures:
        received = await self.followers.next(events * self.size, LAST_EVENTS_SECONDS)
        waits = [at - made / 1e9 for made, at in received]
        seconds = max(at for _, at in received) - min(made for made, _ in received) / 1e9
        return {
            "per second": len(received) / seconds,
            "p50 ms": percentile(waits, 0.5) * 1_000,
            "p99 ms": percentile(waits, 0.99) * 1_000,
            "CPU µs each": (self._cpu() - used) / len(received) * 1e6,
            "kB each": self.kb_each,
        }

    def _cpu(self) -> float:
        return sum(program.cpu_seconds() for program in self.programs)


async def _bare(stage: Stage, stack: AsyncExitStack, connections: int) -> Crowd:
    port = free_port()
    program = await stage.peer("bare_stream", port, {"EVENTS": str(EVENTS)})
    return await Crowd.gather(stack, port, [program], [get("/")] * connections, b": open\n\n")


async def _installation(stage: Stage) -> Carillon:
    drivers = {"REDIS_URL": await stage.redis(), "QUEUE_DRIVER": "redis", "REALTIME_DRIVER": "redis"}
    return Carillon(stage, {"DATABASE_URL": await stage.database(), **drivers})


async def _one_stream(stage: Stage, stack: AsyncExitStack, connections: int) -> Crowd:
    carillon = await _installation(stage)
    program = await carillon.start("serve", {"EVENTS": str(EVENTS)}, module="tests.bench.burst_app")
    async with Backend(carillon.port) as backend:
        await backend.subscribers(["u0"])
        streams = _streams(await backend.tokens(["u0"])) * connections
    return await Crowd.gather(stack, carillon.port, [program], streams, b"unread_count_changed")


async def _topic(stage: Stage, stack: AsyncExitStack, connections: int) -> tuple[Crowd, Backend]:
    carillon = await _installation(stage)
    programs = [await carillon.start("serve"), await carillon.start("worker")]
    backend = await stack.enter_async_context(Backend(carillon.port))
    people = [f"u{number}" for number in range(connections)]
    await backend.subscribers(people)
    await backend.topic("crowd", people)
    streams = _streams(await backend.tokens(people))
    return await Crowd.gather(stack, carillon.port, programs, streams, b"unread_count_changed"), backend


def _streams(tokens: Sequence[str]) -> list[bytes]:
    return [get("/sse/notifications", {"Authorization": f"Bearer {token}"}) for token in tokens]


async def _round_of(connections: int, rounds: int) -> Results:
    async with Stage() as stage, AsyncExitStack() as stack:
        bare = await _bare(stage, stack, connections)
        hub = await _one_stream(stage, stack, connections)
        topic, backend = await _topic(stage, stack, connections)
        turns = {BARE: bare.burst, HUB: hub.burst, TOPIC: lambda: topic.posted(backend)}
        return await take_turns(turns, rounds)


async def main(chosen: argparse.Namespace) -> None:
    """Everybody in turn, then the medians, for each number of connections."""
    for connections in (1_000, 5_000) if chosen.full else (chosen.connections,):
        results = await _round_of(connections, chosen.rounds)
        print(f"{connections:,} connections, {EVENTS} events in a row, medians of {chosen.rounds} rounds")
        print(results.table(COLUMNS | MEMORY))
        print(verdict(f"{HUB} / bare", results.ratio(HUB, BARE, "per second"), at_least=0.8))
        print(verdict(f"{HUB}, kB per connection", results.median(HUB, "kB each"), at_most=20))
        print(verdict(f"{TOPIC} / bare", results.ratio(TOPIC, BARE, "per second")))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=5)
    parser.add_argument("--connections", type=int, default=1_000, help="open streams (1,000; with --full 5,000 too)")
    run(main, parser)
