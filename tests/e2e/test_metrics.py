"""Numbers of processes that are really started, read as a collector reads them (MON-04)."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.bootstrap.listening import EXIT_CODE
from tests.e2e import topology
from tests.e2e.processes import AppProcess, Installation, ProcessFailed, eventually, free_port

READY = "is ready"
TOKEN = "only-for-the-collector"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ROUTE = "/api/v1/notifications"
SENDS = 20
# Who comes while a process is started again waits for it.
PATIENCE = 30.0

Scrape = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(port: int) -> Scrape:
    """Every sample of one process, by name and labels."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
        response = await client.get("/metrics", headers=BEARER)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(scraped: Scrape, name: str, **labels: str) -> float | None:
    return scraped.get((name, frozenset(labels.items())))


async def added_up(ports: list[int], name: str, **labels: str) -> float:
    """Of several processes, as `sum()` does."""
    return sum([value(await scrape(port), name, **labels) or 0 for port in ports])


async def send(server: AppProcess, key: str, number: int) -> None:
    """One e-mail to each of so many people, in a request each; and one request that nobody answers."""
    headers = {"Authorization": f"ApiKey {key}"}
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, timeout=PATIENCE) as client:
        for each in range(number):
            to = {"subscriberId": f"u{each}", "email": f"u{each}@example.com"}
            body = {"to": [to], "channels": ["email"], "content": {"title": "Hi"}}
            assert (await client.post(ROUTE, json=body)).status_code == 202
        await client.get("/no/such/place")


async def test_numbers_of_all_processes_add_up_to_what_was_sent(tmp_path: Path) -> None:
    environment = {"METRICS_TOKEN": TOKEN, "ENABLE_RATE_LIMITING": "false", "LOG_FORMAT": "json"}
    async with Installation(tmp_path, environment) as installation:
        server = await installation.start("serve")
        await send(server, installation.api_key, SENDS)
        email = {"queue": "notifications", "channel": "email"}
        waiting = await eventually(
            lambda: scrape(server.port),
            lambda seen: value(seen, "delivery_queue_depth", **email, state="due") == SENDS,
        )
        assert (value(waiting, "delivery_queue_oldest_seconds", **email) or 0) > 0

        ports = [free_port(), free_port()]
        for port in ports:
            await installation.start("worker", {"METRICS_PORT": str(port)}, ready_text=READY)
        await eventually(
            lambda: added_up(ports, "deliveries_recorded_total", channel="email", status="sent"),
            lambda sent: sent == SENDS,
            60,
        )

        tries = {"channel": "email", "provider": "file", "outcome": "ok"}
        assert await added_up(ports, "delivery_attempts_total", **tries) == SENDS
        seen = await eventually(
            lambda: scrape(server.port), lambda seen: value(seen, "delivery_queue_depth", **email, state="due") == 0
        )
        requests = "http_request_duration_seconds_count"
        assert value(seen, requests, method="POST", route=ROUTE, status="202") == SENDS
        assert value(seen, requests, method="GET", route="(unmatched)", status="404") == 1
        assert value(seen, "database_pool_size", pool="writer") == topology.writers(installation.settings)
        assert value(seen, "metrics_source_up", source="backlog") == 1
        assert (value(seen, "event_loop_lag_seconds_count") or 0) > 0
        assert (value(seen, "process_resident_memory_bytes") or 0) > 0
        assert value(seen, "metrics_refused_total", reason="mismatch") is None


async def test_counters_are_what_the_store_has_when_deliveries_ended_in_different_processes(tmp_path: Path) -> None:
    port = free_port()
    async with Installation(tmp_path, {"METRICS_TOKEN": TOKEN, "ENABLE_RATE_LIMITING": "false"}) as installation:
        server = await installation.start("serve")
        await installation.start("worker", {"METRICS_PORT": str(port)}, ready_text=READY)
        headers = {"Authorization": f"ApiKey {installation.api_key}"}
        async with httpx.AsyncClient(base_url=server.base_url, headers=headers, trust_env=False) as client:
            people = [{"subscriberId": f"u{each}", "email": f"u{each}@example.com"} for each in range(SENDS)]
            body = {"to": [*people, "nobody"], "channels": ["in_app", "email"], "content": {"title": "Hi"}}
            few, many = body, body | {"to": [*people, *(f"more-{each}" for each in range(100))]}
            ids = [(await client.post(ROUTE, json=each)).json()["data"]["id"] for each in (few, many)]

            async def stored() -> Counter[tuple[str, str]]:
                return sum([await ended(client, each) for each in ids], Counter[tuple[str, str]]())

            everything = await eventually(stored, lambda found: sum(found.values()) == 2 * (2 * SENDS + 101), 60)
            both = [server.port, port]
            told = {
                line: await added_up(both, "deliveries_recorded_total", channel=line[0], status=line[1])
                for line in everything
            }

    assert told == everything
    assert set(told) == {("in_app", "sent"), ("email", "sent"), ("email", "suppressed")}


async def ended(client: httpx.AsyncClient, notification_id: str) -> Counter[tuple[str, str]]:
    """Its deliveries that have a final status, by channel and status."""
    found: Counter[tuple[str, str]] = Counter()
    cursor: str | None = None
    while True:
        query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{ROUTE}/{notification_id}/deliveries", params=query)).json()
        lines = ((one["channel"], one["status"]) for one in page["data"])
        found.update(line for line in lines if line[1] not in {"pending", "sending"})
        cursor = page["meta"].get("nextCursor")
        if cursor is None:
            return found


async def test_worker_and_scheduler_answer_for_themselves_when_they_have_a_port(tmp_path: Path) -> None:
    async with Installation(tmp_path, {"METRICS_TOKEN": TOKEN}) as installation:
        for part in ("worker", "scheduler"):
            port = free_port()
            process = await installation.start(part, {"METRICS_PORT": str(port)}, ready_text=READY)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                statuses = {
                    path: (await client.get(path)).status_code
                    for path in ("/health/live", "/health/ready", "/metrics", "/api/v1/notifications", "/docs")
                }
            await scrape(port)

            assert statuses == {
                "/health/live": 200,
                "/health/ready": 200,
                "/metrics": 401,
                "/api/v1/notifications": 404,
                "/docs": 404,
            }
            assert await process.stop() == 0


async def test_second_worker_says_so_and_ends_when_the_port_is_taken(tmp_path: Path) -> None:
    port = str(free_port())
    async with Installation(tmp_path, {"METRICS_PORT": port}) as installation:
        await installation.start("worker", ready_text=READY)
        second = installation.process("worker", ready_text=READY)
        with pytest.raises(ProcessFailed, match="choose another METRICS_PORT"):
            await second.start()

    assert second.exit_code == EXIT_CODE


async def test_nothing_is_counted_or_served_when_metrics_are_off(tmp_path: Path) -> None:
    async with Installation(tmp_path, {"METRICS_ENABLED": "false"}) as installation:
        server = await installation.start("serve")
        async with httpx.AsyncClient(base_url=server.base_url) as client:
            assert (await client.get("/metrics")).status_code == 404
