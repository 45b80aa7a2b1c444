"""Accepted notifications per second, durable in PostgreSQL when answered.

Beside a bare Litestar handler that inserts one row through asyncpg, and FastAPI that does so with SQLAlchemy's ORM.
"""

import argparse
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from tests.bench.carillon import AUTHORIZATION, Backend, Carillon
from tests.bench.http_connection import post
from tests.bench.load import press
from tests.bench.rounds import Contestant, Figures, take_turns, verdict
from tests.bench.running import arguments, run
from tests.bench.stage import Program, Stage
from tests.e2e.processes import free_port

ACCEPTED = 202
LITESTAR = "Litestar, one insert by asyncpg"
FASTAPI = "FastAPI, one insert by SQLAlchemy's ORM"
IN_APP = "Carillon, in_app"
EMAIL = "Carillon, email"
COLUMNS = {
    "per second": "{:,.0f}",
    "p50 ms": "{:.1f}",
    "p99 ms": "{:.1f}",
    "CPU ms each": "{:.3f}",
    "core busy %": "{:.0f}",
}


def requests(path: str, channel: str, subscribers: int, headers: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """One notification to one subscriber each, for ever."""
    return cycle([post(path, _body(f"u{number}", channel), headers) for number in range(subscribers)])


def _body(subscriber_id: str, channel: str) -> dict[str, Any]:
    content = {"title": "Parcel 42 is on its way", "body": "It will be with you between 9 and 11 o'clock."}
    return {"to": [subscriber_id], "channels": [channel], "content": content, "payload": {"order": "42", "items": 3}}


def contestant(program: Program, port: int, asked: Iterator[bytes], chosen: argparse.Namespace) -> Contestant:
    """A turn of pressing one server."""

    async def turn() -> Figures:
        tally = await press(port, asked, clients=chosen.clients, seconds=chosen.seconds, cpu=program.cpu_seconds)
        return tally.figures(expected=ACCEPTED)

    return turn


async def _peer(stage: Stage, module: str, chosen: argparse.Namespace) -> Contestant:
    port = free_port()
    program = await stage.peer(module, port, {"DATABASE_URL": await stage.database()})
    return contestant(program, port, requests("/notifications", "in_app", chosen.subscribers), chosen)


async def _ours(stage: Stage, chosen: argparse.Namespace) -> tuple[Contestant, Contestant]:
    """Over both channels, of one server without workers: intake alone."""
    carillon = Carillon(stage, {"DATABASE_URL": await stage.database()})
    program = await carillon.start("serve")
    async with Backend(carillon.port) as backend:
        await backend.subscribers([f"u{number}" for number in range(chosen.subscribers)])
    path = "/api/v1/notifications"
    in_app, email = (requests(path, channel, chosen.subscribers, AUTHORIZATION) for channel in ("in_app", "email"))
    return contestant(program, carillon.port, in_app, chosen), contestant(program, carillon.port, email, chosen)


async def main(chosen: argparse.Namespace) -> None:
    """Everybody in turn, then the medians."""
    async with Stage() as stage:
        litestar, fastapi = await _peer(stage, "litestar_insert", chosen), await _peer(stage, "fastapi_orm", chosen)
        in_app, email = await _ours(stage, chosen)
        turns = {LITESTAR: litestar, IN_APP: in_app, EMAIL: email, FASTAPI: fastapi}
        results = await take_turns(turns, chosen.rounds)
    print(f"{chosen.clients} clients, medians of {chosen.rounds} rounds of {chosen.seconds:g} s")
    print(results.table(COLUMNS))
    for ours in (IN_APP, EMAIL):
        print(verdict(f"{ours} / Litestar", results.ratio(ours, LITESTAR, "per second"), at_least=0.35))
        print(verdict(f"{ours} / FastAPI", results.ratio(ours, FASTAPI, "per second"), at_least=1.5))
        print(verdict(f"{ours} / Litestar, CPU each", results.ratio(ours, LITESTAR, "CPU ms each")))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=5, seconds=2.0)
    parser.add_argument("--clients", type=int, default=32, help="connections (32)")
    parser.add_argument("--subscribers", type=int, default=1_000, help="whom they notify in turn (1,000); 1: a hot row")
    run(main, parser)
