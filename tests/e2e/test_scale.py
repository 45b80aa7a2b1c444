"""Two servers, two workers and a scheduler behind NGINX, as docker/compose.scale.yml has them, without containers."""

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.json import decode

from app.http.problem import kind_of, problem_of
from docker.scale import Topology, free_port, nginx_conf, topology
from domain.identity.api_key import compose
from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import ROOT, eventually
from tests.faults.chaos import API_KEY, Part
from tests.faults.checker import totals, violations
from tests.faults.killing import all_caught_up, following
from tests.faults.scene import CHANNELS, QUICK, Scene, scene
from tests.faults.sink import Answer
from tests.integration.sse.raw_client import RawClient, browsing
from tests.servers import postgres, redis

pytestmark = pytest.mark.service

KEY = compose("Scale" + "0" * 25).text
SECRET = "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgdHdvIHNlcnZlcnM="
BACKEND = {"Authorization": f"ApiKey {KEY}"}
START_SECONDS, END_SECONDS, EVENT_SECONDS = 120.0, 40.0, 30.0
# Linux takes all of 127.0.0.0/8 for this machine: a caller who is not where the proxy is.
ELSEWHERE = "127.0.0.2"
POSTS, PRODUCERS, SUBSCRIBERS = 80, 4, 10
FINAL_SECONDS = 60.0


@pytest.fixture(autouse=True, scope="module")
def nginx() -> None:
    """Debian keeps it where only root looks."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("nginx is not installed")


@pytest.fixture
def servers() -> Iterator[Mapping[str, str]]:
    yield from _servers()


def _servers() -> Iterator[Mapping[str, str]]:
    """The addresses of a database and of a Redis, in which the names of this installation are its own."""
    try:
        server, redis_url = postgres.running(), redis.running()
    except (postgres.NoPostgres, redis.NoRedis) as error:
        pytest.skip(str(error))
    name = f"carillon_scale_{uuid4().hex[:12]}"
    asyncio.run(postgres.administer(server, f"CREATE DATABASE {name}"))
    prefix = name.replace("_", "-")
    prefixes = {"QUEUE_PREFIX": prefix, "REALTIME_PREFIX": prefix}
    try:
        yield {"DATABASE_URL": f"{server}/{name}", "REDIS_URL": redis_url, **prefixes}
    finally:
        asyncio.run(redis.forget(redis_url, prefix))
        asyncio.run(postgres.administer(server, f"DROP DATABASE {name} WITH (FORCE)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """The script as it runs; `servers` are the addresses behind NGINX."""

    port: int
    log: Path

    @property
    def servers(self) -> list[str]:
        return re.findall(r"Carillon is ready at (\S+)", self.log.read_text("utf-8", "replace"))

    def client(self, address: str | None = None, **options: Any) -> httpx.AsyncClient:  # Any: what httpx takes
        """A backend; without an address it calls NGINX."""
        base_url = address or f"http://127.0.0.1:{self.port}"
        transport = httpx.AsyncHTTPTransport(**options)
        return httpx.AsyncClient(base_url=f"{base_url}/api/v1", headers=BACKEND, timeout=20, transport=transport)

    async def token(self, subscriber: str) -> str:
        async with self.client() as client:
            await client.put(f"/subscribers/{subscriber}", json={})
            return str((await client.post(f"/subscribers/{subscriber}/tokens")).json()["data"]["token"])

    def logged(self) -> list[dict[str, Any]]:
        """The lines that are JSON, of all processes."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [decode(line) for line in lines if line.startswith("{") and line.endswith("}")]


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scaled]:
    """What docker/scale.py starts; it ends in order when it is told to."""
    folder, port = tmp_path_factory.mktemp("scale"), free_port()
    for given in _servers():
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "AUTH_SECRET": SECRET,
            "BOOTSTRAP_API_KEY": KEY,
            **given,
            "SSE_PING_INTERVAL": "1s",
        }
        command = [sys.executable, str(ROOT / "docker/scale.py"), "--port", str(port), "--folder", str(folder)]
        log = folder / "scale.log"
        with log.open("ab") as output:
            script = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            asyncio.run(_ready(script, log))
            yield Scaled(port=port, log=log)
        finally:
            script.send_signal(signal.SIGTERM)
            script.wait(END_SECONDS)
            sys.stdout.write(log.read_text("utf-8", "replace")[-8_000:])
        assert script.returncode == 0


async def _ready(script: "subprocess.Popen[bytes]", log: Path) -> None:
    async def printed() -> str:
        assert script.poll() is None, "it ended by itself"
        return await asyncio.to_thread(log.read_text, "utf-8", "replace")

    await eventually(printed, lambda text: "The scale topology is ready" in text, START_SECONDS)


async def test_stream_shows_at_once_what_every_server_accepts_when_it_is_read_through_nginx(scaled: Scaled) -> None:
    assert len(set(scaled.servers)) == 2
    async with browsing(scaled.port) as browser:
        stream = await browser.ask(token=await scaled.token("ann"))
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
        await _read(stream, lambda: stream.parser.retry is not None)
        for number, address in enumerate(scaled.servers, 1):
            async with scaled.client(address) as client:
                await client.post("/notifications", json={"to": ["ann"], "content": {"title": f"From {number}"}})
            await _read(stream, partial(_heard, stream, number))


def _heard(stream: RawClient, count: int) -> bool:
    return stream.names.count("notification_received") == count


async def test_heartbeats_pass_nginx_when_nothing_happens(scaled: Scaled) -> None:
    async with browsing(scaled.port) as browser:
        stream = await browser.ask(token=await scaled.token("quiet"))

        await _read(stream, lambda: stream.parser.comments >= 2)


async def _read(stream: RawClient, until: Callable[[], bool]) -> None:
    await asyncio.wait_for(stream.read(until), EVENT_SECONDS)
    assert until(), "the stream ended"


async def test_caller_keeps_its_address_and_its_request_id_when_it_claims_another(scaled: Scaled) -> None:
    request_id = f"caller-{uuid4().hex}"
    async with scaled.client(local_address=ELSEWHERE) as client:
        answer = await client.get(
            "/notifications", headers={"X-Request-ID": request_id, "X-Forwarded-For": "203.0.113.9"}
        )

    async def lines() -> list[dict[str, Any]]:
        return [line for line in scaled.logged() if line.get("request_id") == request_id]

    both = await eventually(lines, lambda found: len(found) >= 2)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, request_id)
    assert [line["client"] for line in both if "upstream" in line] == [ELSEWHERE]
    assert [line["ip"] for line in both if line.get("event") == "http.request"] == [ELSEWHERE]


async def test_metrics_of_one_process_are_not_shown_when_asked_for_at_the_common_address(scaled: Scaled) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://127.0.0.1:{scaled.port}/metrics")).status_code == 404


@contextmanager
def proxy(folder: Path, port: int) -> Iterator[Path]:
    """NGINX before servers of which none is there; its log."""
    configuration, log = folder / "nginx.conf", folder / "nginx.log"
    configuration.write_text(nginx_conf({"api-1": free_port(), "api-2": free_port()}, port, folder), "utf-8")
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(configuration), "-g", "daemon off;"]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin"}
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield log
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(END_SECONDS)


async def test_nginx_answers_in_the_words_of_the_contract_when_no_server_is_there(tmp_path: Path) -> None:
    with proxy(tmp_path, port := free_port()) as log:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

            async def ask() -> httpx.Response | None:
                try:
                    return await client.get('/sse/notifications/"quoted"?ticket=tkt_not_to_be_seen')
                except httpx.TransportError:
                    return None

            away = await eventually(ask)
            assert away is not None
            large = await client.post("/api/v1/notifications", content=b" " * (8 * 1024 * 1024 + 1))

    assert _problem(away) == _known("system.unavailable", "")
    assert _problem(large) == _known("request.too_large", "/api/v1/notifications")
    assert (away.status_code, away.headers["retry-after"], large.status_code) == (503, "1", 413)
    printed = log.read_text("utf-8", "replace")
    assert [decode(line)["status"] for line in printed.splitlines() if line.startswith("{")] == [503, 413]
    assert "tkt_" not in printed


def _problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert re.fullmatch(r"[0-9a-f]{32}", told.pop("traceId"))
    assert told.pop("detail")
    return dict(told)


def _known(code: str, instance: str) -> dict[str, Any]:
    """The same as a server would have said it."""
    problem = problem_of(kind_of(code)(), instance=instance, trace_id="")
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "instance": instance,
        "statusCode": problem.status,
        "message": problem.title,
        "code": code,
        "errors": [],
    }


async def test_nothing_is_lost_when_a_server_and_a_worker_are_told_to_end(
    tmp_path: Path, servers: Mapping[str, str]
) -> None:
    port = free_port()
    async with scene(tmp_path, {"APP_PORT": str(port), **servers}) as stage:
        plan = topology(tmp_path, _environment(stage, servers), port)
        parts = await _start(stage, plan)
        await stage.prepare(SUBSCRIBERS)
        # Slow enough that something is in flight when they are told.
        stage.sink.answer = lambda _request: Answer(delay=0.05, pause=0.2)
        async with following(stage) as followers:
            async with asyncio.TaskGroup() as group:
                group.create_task(_ask(stage))
                group.create_task(_restart(stage, parts["api-1"], after=POSTS // 4))
                group.create_task(_restart(stage, parts["worker-1"], after=POSTS // 4))
            await stage.all_final(FINAL_SECONDS)
            await all_caught_up(stage, followers, FINAL_SECONDS)
            facts = await stage.facts({name: each.frames for name, each in followers.items()})
    counted = totals(facts)
    sys.stdout.write(f"{counted}\n")
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (POSTS, 0, 0)
    assert all(post.answers for post in facts.posts)
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert (parts["api-1"].exit_codes[0], parts["worker-1"].exit_codes[0]) == (0, 0)


def _environment(stage: Scene, servers: Mapping[str, str]) -> Mapping[str, str]:
    return {
        "AUTH_SECRET": SECRET,
        "BOOTSTRAP_API_KEY": API_KEY,
        "EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
        "ENABLE_RATE_LIMITING": "false",
        "LOG_LEVEL": "warning",
        "MAIL_DRIVER": "smtp",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(stage.sink.smtp_port),
        **servers,
        **QUICK,
    }


async def _start(stage: Scene, plan: Topology) -> Mapping[str, Part]:
    """Migrate, start everything, and wait until NGINX reaches a server; who made the scene ends it."""
    made = {
        each.name: Part(each.name, each.command, each.environment, stage.folder)
        for each in [plan.migrate, plan.nginx, *plan.parts]
    }
    made["migrate"].launch()
    assert await made["migrate"].ended(START_SECONDS) == 0
    for each in plan.parts:
        stage.chaos.parts.append(made[each.name])
        await made[each.name].start()
    stage.chaos.parts.append(made["nginx"])
    made["nginx"].launch()
    async with httpx.AsyncClient(base_url=stage.chaos.base_url, trust_env=False) as client:

        async def ready() -> bool:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready)
    return made


async def _ask(stage: Scene) -> None:
    numbers = iter(range(POSTS))

    async def ask_on() -> None:
        for number in numbers:
            await stage.notify(number)
            await asyncio.sleep(0.1)

    assert set(CHANNELS) == {"in_app", "email", "webhook"}
    async with asyncio.TaskGroup() as group:
        for _ in range(PRODUCERS):
            group.create_task(ask_on())


async def _restart(stage: Scene, part: Part, after: int) -> None:
    """Once so many were accepted: end it in order, and start it again."""

    async def accepted() -> int:
        return len(stage.producer.posts)

    await eventually(accepted, lambda count: count >= after, FINAL_SECONDS)
    await part.stop()
    await part.start()
