"""The numbers of several processes under one parent, read at one address."""

from pathlib import Path

import httpx

from tests.e2e import topology
from tests.e2e.members import READY, TWO, kill_one, replaced
from tests.e2e.processes import AppProcess, Installation, eventually, free_port
from tests.e2e.test_metrics import PATIENCE, ROUTE, TOKEN, Scrape, scrape, send, value

SENDS = 20
ENVIRONMENT = {"METRICS_TOKEN": TOKEN, "ENABLE_RATE_LIMITING": "false"}
REQUESTS = "http_request_duration_seconds_count"


def accepted(scraped: Scrape) -> float:
    return value(scraped, REQUESTS, method="POST", route=ROUTE, status="202") or 0


async def send_apart(server: AppProcess, key: str, number: int) -> None:
    """Each in a connection of its own."""
    for _ in range(number):
        await send(server, key, 1)


async def complete(port: int) -> Scrape:
    """Once both processes are there."""
    return await eventually(lambda: scrape(port), lambda seen: value(seen, "child_processes") == 2)


async def test_counters_add_up_and_never_go_down_when_a_process_is_killed(tmp_path: Path) -> None:
    async with Installation(tmp_path, ENVIRONMENT) as installation:
        server = await installation.start("serve", arguments=TWO, ready_text=READY)
        await send_apart(server, installation.api_key, SENDS)
        before = [accepted(await scrape(server.port)) for _ in range(10)]

        dead = await kill_one(server)
        await replaced(server, dead)
        during = accepted(await scrape(server.port))
        await complete(server.port)
        await send_apart(server, installation.api_key, SENDS)
        after = await scrape(server.port)

    assert before == [SENDS] * 10
    assert during == SENDS
    assert accepted(after) == 2 * SENDS
    assert value(after, "child_processes_lost_total") == 1
    assert value(after, "database_pool_size", pool="writer") == 2 * topology.writers(installation.settings)


async def test_deliveries_of_all_workers_are_read_at_one_port_when_there_are_several(tmp_path: Path) -> None:
    port = free_port()
    async with Installation(tmp_path, ENVIRONMENT) as installation:
        server = await installation.start("serve")
        worker = await installation.start("worker", {"METRICS_PORT": str(port)}, arguments=TWO, ready_text=READY)
        await send(server, installation.api_key, SENDS)
        recorded = await eventually(
            lambda: scrape(port),
            lambda seen: value(seen, "deliveries_recorded_total", channel="email", status="sent") == SENDS,
            60,
        )
        await kill_one(worker)
        again = await complete(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
            assert (await client.get("/health/ready")).status_code == 200
        assert await worker.stop() == 0

    tries = {"channel": "email", "provider": "file", "outcome": "ok"}
    assert value(recorded, "delivery_attempts_total", **tries) == SENDS
    assert value(again, "delivery_attempts_total", **tries) == SENDS
    assert worker.output.count("Carillon worker is ready") == 1
