"""Several servers under one parent, on one port (`serve --processes`)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.json import decode

from app.bootstrap.listening import EXIT_CODE
from infrastructure.config import problems
from tests.e2e.members import READY, TWO, alive, children, kill_one, replaced
from tests.e2e.processes import ROOT, AppProcess, Installation, ProcessFailed, eventually
from tests.integration.sse.raw_client import Browser, RawClient, browsing

# On this many, one process has none at all once in 2^19 runs.
STREAMS = 20
CALLERS = 4
EVENT_SECONDS = 30.0
EXIT_SECONDS = 20.0
ENVIRONMENT = {"ENABLE_RATE_LIMITING": "false", "SSE_MAX_PER_SUBSCRIBER": "0", "LOG_FORMAT": "json"}
ROUTE = "/api/v1/notifications"


@asynccontextmanager
async def two_servers(folder: Path) -> AsyncIterator[tuple[Installation, AppProcess]]:
    async with Installation(folder, ENVIRONMENT) as installation:
        yield installation, await installation.start("serve", arguments=TWO, ready_text=READY)


def backend(installation: Installation, server: AppProcess) -> httpx.AsyncClient:
    """Each of its requests is a connection of its own, and goes to either process."""
    return httpx.AsyncClient(
        base_url=server.base_url,
        headers={"Authorization": f"ApiKey {installation.api_key}", "Connection": "close"},
        timeout=EVENT_SECONDS,
        trust_env=False,
    )


async def follow(client: httpx.AsyncClient, browser: Browser) -> list[RawClient]:
    """Streams of one subscriber, on both processes."""
    await client.put("/api/v1/subscribers/ann", json={})
    token = (await client.post("/api/v1/subscribers/ann/tokens")).json()["data"]["token"]
    return [await browser.follow(token=token) for _ in range(STREAMS)]


async def send(client: httpx.AsyncClient) -> None:
    answer = await client.post(ROUTE, json={"to": ["ann"], "content": {"title": "Hi"}})
    assert answer.status_code == 202, answer.text


def heard(stream: RawClient) -> int:
    return stream.names.count("notification_received")


async def all_hear(streams: list[RawClient], count: int) -> None:
    """Wait until each has been shown as many."""

    async def fewest() -> int:
        return min(map(heard, streams))

    await eventually(fewest, lambda number: number >= count, EVENT_SECONDS)


class Callers:
    """Ask all the time; `failed` are the requests that got no answer, or a bad one."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self._client = client

    async def ask_on(self) -> None:
        while True:
            try:
                answer = await self._client.get("/api/v1/notifications")
            except httpx.TransportError as error:
                self.failed.append(repr(error))
            else:
                self.answered += 1
                if answer.status_code != 200:
                    self.failed.append(answer.text)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.ask_on()) for _ in range(CALLERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_only_what_was_in_it_is_lost_when_one_of_two_processes_is_killed(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (installation, server), browsing(server.port) as browser:
        assert server.output.count("is ready at") == server.output.count("First start") == 1
        async with backend(installation, server) as client:
            streams = await follow(client, browser)
            readers = [stream.read_in_background() for stream in streams]
            await send(client)
            await all_hear(streams, 1)

            callers = Callers(client)
            async with callers.asking():
                dead = await kill_one(server)
                assert len(await replaced(server, dead)) == 2
                before = callers.answered
                await eventually(
                    lambda: _value(lambda: callers.answered), lambda count: count > before + 10 * CALLERS, 60
                )
            await send(client)
            left = [stream for stream, reader in zip(streams, readers, strict=True) if not reader.done()]
            await all_hear(left, 2)

    assert len(callers.failed) <= CALLERS, callers.failed
    assert 0 < len(left) < STREAMS


async def _value(look: Callable[[], int]) -> int:
    return look()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_every_stream_is_told_and_all_processes_end_when_the_parent_is_told_to(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with two_servers(tmp_path) as (installation, server), browsing(server.port) as browser:
        pids = await asyncio.to_thread(children, server)
        async with backend(installation, server) as client:
            streams = await follow(client, browser)
        readers = [stream.read_in_background() for stream in streams]
        began = time.monotonic()
        server.send_signal(number)
        code = await server.ended(2 * EXIT_SECONDS)
        seconds = time.monotonic() - began
        await asyncio.wait_for(asyncio.gather(*readers), EVENT_SECONDS)

    assert (code, alive(pids)) == (0, set())
    assert [stream.names[-1] for stream in streams] == ["shutdown"] * STREAMS
    assert all(stream.ended for stream in streams)
    assert seconds <= EXIT_SECONDS


async def test_all_processes_end_and_the_port_is_free_when_the_parent_is_killed(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (_, server):
        pids = await asyncio.to_thread(children, server)
        await server.kill()

        async def left() -> set[int]:
            return alive(pids)

        await eventually(left, lambda found: not found, EXIT_SECONDS)
        await server.start()


async def test_every_process_reads_its_configuration_again_when_the_parent_is_told(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (_, server):
        (tmp_path / ".env").write_text("RATE_LIMIT_API_KEY=7/second\n")
        server.send_signal(signal.SIGHUP)

        async def reloaded() -> list[dict[str, Any]]:
            return [line for line in _logged(server) if line["event"] == "configuration.reloaded"]

        found = await eventually(reloaded, lambda lines: len(lines) >= 2)
        assert [line["changed"] for line in found] == [["RATE_LIMIT_API_KEY"]] * 2


def _logged(process: AppProcess) -> list[dict[str, Any]]:
    return [decode(line) for line in process.output.splitlines() if line.startswith("{")]


async def test_second_parent_says_so_and_ends_when_the_port_is_shared_by_others_already(tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (installation, server):
        second = installation.process("serve", {"APP_PORT": str(server.port)}, arguments=TWO, ready_text=READY)
        with pytest.raises(ProcessFailed, match="choose another APP_PORT"):
            await second.start()

    assert second.exit_code == EXIT_CODE


DIES = "import os, sys\nif '--child' in sys.orig_argv: os._exit(3)\n"


async def test_parent_gives_up_and_says_so_when_no_process_gets_ready(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(DIES)
    async with Installation(tmp_path, {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ROOT}"}) as installation:
        server = installation.process("serve", arguments=TWO, ready_text=READY)
        with pytest.raises(ProcessFailed):
            await server.start()

    assert server.exit_code == 3
    assert server.output.count("serve: a process ended 5 times before it was ready, the last time with 3") == 1
    assert "is ready" not in server.output


@pytest.mark.parametrize("arguments", [["all", "--processes", "2"], []])
def test_several_processes_are_refused_when_a_driver_lives_in_the_memory_of_one(
    tmp_path: Path, arguments: list[str]
) -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(tmp_path / "data"),
        "QUEUE_DRIVER": "memory",
        **({} if arguments else {"APP_PROCESSES": "2"}),
    }
    command = [sys.executable, "-m", "app", *arguments]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == problems.EXIT_CODE
    assert ended.stderr.startswith("configuration: QUEUE_DRIVER must not be memory")
    assert len(ended.stderr.splitlines()) == 1, "told by its children"
    assert "ready" not in ended.stdout
