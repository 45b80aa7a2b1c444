"""From the POST to the byte at the browser, at a steady rate.

Beside Redis pub/sub with bare SSE, which keeps nothing and asks nobody who they are.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count, islice

from tests.bench.callers import Callers
from tests.bench.carillon import AUTHORIZATION, Backend, Carillon
from tests.bench.followers import Followers
from tests.bench.http_connection import get, post
from tests.bench.rounds import Contestant, Figures, percentile, take_turns, verdict
from tests.bench.running import arguments, run
from tests.bench.stage import Program, Stage
from tests.e2e.processes import free_port

ACCEPTED = 202
LAST_EVENTS_SECONDS = 30.0
PUBSUB = "Redis pub/sub, bare SSE"
SERVERS = "Carillon, PostgreSQL and Redis"
EMBEDDED = "Carillon, embedded: one process, SQLite"
COLUMNS = {"p50 ms": "{:.2f}", "p99 ms": "{:.2f}", "CPU ms each": "{:.3f}"}
PEOPLE = [f"u{number}" for number in range(100)]


@dataclass(slots=True, kw_only=True)
class Server:
    """A server, its open streams, and how to notify somebody of a number."""

    port: int
    program: Program
    followers: Followers
    request: Callable[[str, int], bytes]
    numbers: Iterator[int]

    async def turn(self, chosen: argparse.Namespace) -> Figures:
        """Post for a while at the rate, and wait for the last event."""
        numbers = list(islice(self.numbers, int(chosen.rate * chosen.seconds)))
        used = self.program.cpu_seconds()
        requests = (self.request(PEOPLE[number % len(PEOPLE)], number) for number in numbers)
        async with Callers(self.port) as callers:
            asked_at = await callers.at_rate(requests, chosen.rate)
            await callers.all_answered(ACCEPTED)
        read_at = dict(await self.followers.next(len(numbers), LAST_EVENTS_SECONDS))
        waits = [read_at[number] - at for number, at in zip(numbers, asked_at, strict=True)]
        return {
            "p50 ms": percentile(waits, 0.5) * 1_000,
            "p99 ms": percentile(waits, 0.99) * 1_000,
            "CPU ms each": (self.program.cpu_seconds() - used) / len(numbers) * 1_000,
        }


async def _peer(stage: Stage, stack: AsyncExitStack) -> Server:
    port = free_port()
    program = await stage.peer("pubsub_sse", port, {"REDIS_URL": await stage.redis()})
    followers = Followers(port, [get(f"/{who}") for who in PEOPLE], opened_by=b": open\n\n")
    return Server(
        port=port,
        program=program,
        followers=await stack.enter_async_context(followers),
        request=lambda who, number: post(f"/{who}", {"title": f"#{number}", "to": who, "at": time.time()}),
        numbers=count(),
    )


async def _ours(stage: Stage, stack: AsyncExitStack, part: str, environment: dict[str, str]) -> Server:
    carillon = Carillon(stage, environment)
    program = await carillon.start(part)
    async with Backend(carillon.port) as backend:
        await backend.subscribers(PEOPLE)
        tokens = await backend.tokens(PEOPLE)
    streams = [get("/sse/notifications", {"Authorization": f"Bearer {token}"}) for token in tokens]
    followers = Followers(carillon.port, streams, opened_by=b"unread_count_changed")
    return Server(
        port=carillon.port,
        program=program,
        followers=await stack.enter_async_context(followers),
        request=lambda who, number: post(
            "/api/v1/notifications", {"to": [who], "content": {"title": f"#{number}"}}, AUTHORIZATION
        ),
        numbers=count(),
    )


async def _turns(stage: Stage, stack: AsyncExitStack, chosen: argparse.Namespace) -> dict[str, Contestant]:
    redis_url = await stage.redis()
    drivers = {"REDIS_URL": redis_url, "QUEUE_DRIVER": "redis", "REALTIME_DRIVER": "redis"}
    peer = await _peer(stage, stack)
    servers = await _ours(stage, stack, "serve", {"DATABASE_URL": await stage.database(), **drivers})
    embedded = await _ours(stage, stack, "all", {})
    return {
        PUBSUB: lambda: peer.turn(chosen),
        SERVERS: lambda: servers.turn(chosen),
        EMBEDDED: lambda: embedded.turn(chosen),
    }


async def main(chosen: argparse.Namespace) -> None:
    """Everybody in turn, then the medians."""
    async with Stage() as stage, AsyncExitStack() as stack:
        results = await take_turns(await _turns(stage, stack, chosen), chosen.rounds)
    print(
        f"{chosen.rate:g} a second to {len(PEOPLE)} streams, medians of {chosen.rounds} rounds of {chosen.seconds:g} s"
    )
    print(results.table(COLUMNS))
    for ours in (SERVERS, EMBEDDED):
        for figure in ("p50 ms", "p99 ms"):
            print(verdict(f"{ours} / pub/sub, {figure}", results.ratio(ours, PUBSUB, figure), at_most=5))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=5, seconds=4.0)
    parser.add_argument("--rate", type=float, default=100.0, help="notifications a second (100)")
    run(main, parser)
