"""/health (MON-01, MON-02)."""

import asyncio

import pytest
from httpx import AsyncClient

from app.http.options import HttpOptions
from application.health.check_health import CheckHealth, CheckView, HealthView, LatestHealth
from application.health.ports import CheckResult, HealthCheck, HealthStatus
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.unit.http.stand_in import NOW, Api

VIEW = HealthView(
    status=HealthStatus.DEGRADED,
    time=NOW,
    checks=(
        CheckView(name="database", critical=True, result=CheckResult(latency_ms=1.2)),
        CheckView(name="migrations", critical=True, result=CheckResult()),
        CheckView(
            name="queue",
            critical=False,
            result=CheckResult(status=HealthStatus.DEGRADED, detail="wake-ups lost, sweep works"),
        ),
    ),
)
WHOLE = {"status": "degraded", "version": "0.1.0", "time": "2026-11-20T09:11:25.163Z"}
CHECKS = {
    "database": {"status": "up", "critical": True, "latencyMs": 1.2},
    "migrations": {"status": "up", "critical": True},
    "queue": {"status": "degraded", "critical": False, "detail": "wake-ups lost, sweep works"},
}
TOKEN = "a-token-of-sixteen-bytes"


class Look(HealthCheck):
    """A check that answers with what it is given, or raises it."""

    def __init__(self, name: str, result: CheckResult | Exception | None, *, critical: bool = True) -> None:
        self._name = name
        self._critical = critical
        self._result = result
        self.looks = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def critical(self) -> bool:
        return self._critical

    async def check(self) -> CheckResult:
        self.looks += 1
        if self._result is None:
            await asyncio.Event().wait()
        if isinstance(self._result, Exception):
            raise self._result
        assert self._result is not None
        return self._result


def over(*checks: HealthCheck) -> tuple[CheckHealth, MemoryLog]:
    log = MemoryLog()
    return CheckHealth(checks=checks, latest=LatestHealth(), clock=FixedClock(NOW), log=log), log


UP, DOWN = CheckResult(), CheckResult(status=HealthStatus.DOWN)


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_tells_everything_when_the_caller_sits_at_this_machine(api: Api, client: AsyncClient, path: str) -> None:
    api.check_health.answer = VIEW

    response = await client.get(path)

    assert response.status_code == 200
    assert response.json() == {**WHOLE, "checks": CHECKS}


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
        ("::1", {"Via": "1.1 proxy"}),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}),
    ],
)
async def test_keeps_the_parts_to_itself_when_the_caller_is_elsewhere(peer: str, headers: dict[str, str]) -> None:
    api = Api(options=HttpOptions(health_details_token=TOKEN))
    api.check_health.answer = VIEW
    async with api.client(peer) as client:
        response = await client.get("/health/ready", headers=headers)

    assert (response.status_code, response.json()) == (200, WHOLE)


async def test_tells_everything_when_the_caller_has_the_token() -> None:
    api = Api(options=HttpOptions(health_details_token=TOKEN))
    api.check_health.answer = VIEW
    async with api.client("192.0.2.7") as client:
        response = await client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"})

    assert response.json()["checks"] == CHECKS


async def test_answers_503_with_the_report_when_it_is_down(api: Api, client: AsyncClient) -> None:
    api.check_health.answer = HealthView(status=HealthStatus.DOWN, time=NOW, checks=())

    response = await client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert response.headers["content-type"] == "application/json"


async def test_is_alive_without_looking_at_anything(api: Api, client: AsyncClient) -> None:
    response = await client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "up", "version": "0.1.0"})
    assert not api.check_health.calls


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ([], "up"),
        ([Look("a", UP), Look("b", UP)], "up"),
        ([Look("a", UP), Look("b", CheckResult(status=HealthStatus.DEGRADED))], "degraded"),
        ([Look("a", UP), Look("b", DOWN, critical=False)], "degraded"),
        ([Look("a", DOWN), Look("b", UP)], "down"),
    ],
)
async def test_is_as_well_as_its_parts(checks: list[Look], status: str) -> None:
    check_health, _ = over(*checks)

    view = await check_health()

    assert view.status == status
    assert [each.name for each in view.checks] == [check.name for check in checks]


async def test_counts_a_part_as_down_and_tells_only_the_kind_when_it_fails() -> None:
    check_health, log = over(Look("database", OSError("password=hunter2")))

    view = await check_health()

    assert view.checks[0].result == CheckResult(status=HealthStatus.DOWN, detail="failed with OSError")
    [line] = log.lines("health.check_failed")
    assert line.fields["check"] == "database"


async def test_counts_a_part_as_down_when_it_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.health.check_health.LONGEST_LOOK", 0.01)
    check_health, _ = over(Look("slow", None), Look("quick", UP))

    view = await check_health()

    assert [each.result.status for each in view.checks] == ["down", "up"]


async def test_looks_once_when_a_crowd_asks_at_once() -> None:
    look = Look("database", UP)
    check_health, _ = over(look)

    views = await asyncio.gather(*(check_health() for _ in range(100)))

    assert look.looks == 1
    assert len(set(map(id, views))) == 1


async def test_looks_again_when_the_report_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.health.check_health.FRESH_SECONDS", 0.0)
    look = Look("database", UP)
    check_health, _ = over(look)

    await check_health()
    await check_health()

    assert look.looks == 2
