"""SIGHUP makes a process read its configuration again (CFG-07)."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from infrastructure.config.catalogue import catalogue
from infrastructure.config.reload import applied, changes
from infrastructure.config.resolution import resolve
from infrastructure.config.settings import Settings
from tests.e2e.processes import AppProcess, Installation, eventually

PROJECT = Path(__file__).parents[2]
LIVE = {
    "LOG_LEVEL",
    "NOTIFICATIONS_ENABLED",
    "NOTIFY_CHAT_ENABLED",
    "NOTIFY_EMAIL_ENABLED",
    "NOTIFY_IN_APP_ENABLED",
    "NOTIFY_PUSH_ENABLED",
    "NOTIFY_SMS_ENABLED",
    "NOTIFY_WEBHOOK_ENABLED",
    "RATE_LIMIT_API_KEY",
    "RATE_LIMIT_DEFAULT",
    "RATE_LIMIT_SUBSCRIBER",
}
WRITTEN = "LOG_LEVEL=info\nNOTIFY_EMAIL_ENABLED=true\nRATE_LIMIT_API_KEY=900/second\n"
TO_ANN = {
    "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
    "channels": ["email"],
    "content": {"title": "Hi"},
}


class Written:
    """An installation whose settings stand in a file."""

    def __init__(self, folder: Path) -> None:
        self.installation = Installation(folder, {"LOG_FORMAT": "json"})
        self._file = folder / ".env"

    async def tell(self, process: AppProcess, text: str, event: str) -> dict[str, Any]:  # Any: JSON
        """Write the file, send the signal, and wait for the line that follows."""
        part = self._file.with_suffix(".part")
        part.write_text(text)
        part.replace(self._file)
        before = len(lines(process, event))
        process.send_signal(signal.SIGHUP)

        async def look() -> list[dict[str, Any]]:
            return lines(process, event)

        return (await eventually(look, lambda found: len(found) > before))[-1]


def lines(process: AppProcess, event: str) -> list[dict[str, Any]]:
    found = (json.loads(line) for line in process.output.splitlines() if line.startswith("{"))
    return [line for line in found if line["event"] == event]


async def limit_of(client: httpx.AsyncClient) -> str:
    return (await client.get("/api/v1/notifications")).headers["ratelimit-policy"]


async def email_of(client: httpx.AsyncClient) -> str:
    """The status of a new e-mail once it is no longer open."""
    sent = (await client.post("/api/v1/notifications", json=TO_ANN)).json()["data"]["id"]

    async def look() -> str:
        (delivery,) = (await client.get(f"/api/v1/notifications/{sent}/deliveries")).json()["data"]
        return str(delivery["status"])

    return await eventually(look, lambda status: status not in {"pending", "sending"})


async def test_what_is_safe_is_applied_and_the_rest_is_named_when_the_file_has_changed(tmp_path: Path) -> None:
    written = Written(tmp_path)
    (tmp_path / ".env").write_text(WRITTEN)
    async with written.installation as installation:
        server = await installation.start()
        headers = {"Authorization": f"ApiKey {installation.api_key}"}
        async with httpx.AsyncClient(base_url=server.base_url, headers=headers, trust_env=False) as client:
            before = (await limit_of(client), await email_of(client), lines(server, "job.started"))

            text = (
                "LOG_LEVEL=debug\nNOTIFY_EMAIL_ENABLED=false\nRATE_LIMIT_API_KEY=800/second\n"
                "SSE_PING_INTERVAL=5\nNOTIFY_EMAIL_PROVIDERS=file,console\n"
            )
            restart = await written.tell(server, text, "configuration.restart_needed")
            after = (await limit_of(client), await email_of(client))
            (reloaded,) = lines(server, "configuration.reloaded")

            quiet = "LOG_LEVEL=error\nNOTIFY_EMAIL_ENABLED=true\nRATE_LIMIT_API_KEY=700/second\nSSE_PING_INTERVAL=0\n"
            refused = await written.tell(server, quiet, "configuration.reload_refused")
            unchanged = (await limit_of(client), await email_of(client))

            await written.tell(server, WRITTEN, "configuration.reloaded")
            taken_back = (await limit_of(client), await email_of(client))

    assert before == ('"api_key";q=900;w=1', "sent", [])
    assert after == ('"api_key";q=800;w=1', "suppressed")
    assert reloaded["changed"] == ["LOG_LEVEL", "NOTIFY_EMAIL_ENABLED", "RATE_LIMIT_API_KEY"]
    assert restart["changed"] == ["SSE_PING_INTERVAL", "NOTIFY_EMAIL_PROVIDERS"]
    assert refused["problems"] == ["SSE_PING_INTERVAL must be a duration from 0.1s to 1m [.env line 4]"]
    assert unchanged == after
    assert taken_back == before[:2]
    assert len(lines(server, "configuration.restart_needed")) == 1


async def test_lines_are_written_from_the_new_level_on_when_that_is_what_has_changed(tmp_path: Path) -> None:
    written = Written(tmp_path)
    async with written.installation as installation:
        server = await installation.start()
        async with httpx.AsyncClient(base_url=server.base_url, trust_env=False) as client:

            async def ask(number: int) -> None:
                await client.get("/api/v1/inbox", headers={"User-Agent": f"caller-{number}"})

            async def told() -> list[dict[str, Any]]:
                return lines(server, "http.request")

            await ask(1)
            # The line follows the answer: a reload that came between the two would find it unwritten.
            await eventually(told, lambda found: len(found) == 1)
            await written.tell(server, "LOG_LEVEL=warning\nSSE_PING_INTERVAL=5\n", "configuration.restart_needed")
            await ask(2)
            await written.tell(server, "LOG_LEVEL=debug\n", "configuration.reloaded")
            await ask(3)
        await server.stop()

    assert [line["user_agent"] for line in lines(server, "http.request")] == ["caller-1", "caller-3"]


async def test_all_problems_are_told_and_nothing_is_changed_when_the_file_is_wrong(tmp_path: Path) -> None:
    written = Written(tmp_path)
    (tmp_path / ".env").write_text(WRITTEN)
    async with written.installation as installation:
        worker = await installation.start("worker", arguments=["--queues", "default"], ready_text="is ready")
        text = "LOG_LEVEL=loud\nQUEUE_DRIVER=memory\nMODULES_ENABLED=x\nAPP_PROT=1\nSMTP_PASSWORD=\n"
        refused = await written.tell(worker, text, "configuration.reload_refused")
        again = await written.tell(worker, WRITTEN, "configuration.reloaded")

    assert refused["level"] == "error"
    assert {problem.split()[0] for problem in refused["problems"]} >= {"LOG_LEVEL", "APP_PROT", "SMTP_PASSWORD"}
    assert again["changed"] == []
    assert lines(worker, "configuration.restart_needed") == []


@pytest.mark.parametrize(
    ("text", "key"), [("QUEUE_DRIVER=memory", "QUEUE_DRIVER"), ("MODULES_ENABLED=x", "MODULES_ENABLED")]
)
async def test_it_is_refused_as_at_the_start_when_only_the_parts_together_are_wrong(
    text: str, key: str, tmp_path: Path
) -> None:
    written = Written(tmp_path)
    async with written.installation as installation:
        worker = await installation.start("scheduler", ready_text="is ready")
        refused = await written.tell(worker, f"{text}\n", "configuration.reload_refused")

    assert {problem.split()[0] for problem in refused["problems"]} == {key}


CLOSED_TERMINAL = """
import os, sys
os.login_tty(int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-m", "app", "scheduler"])
"""


def test_the_process_ends_in_order_when_the_terminal_it_was_started_in_is_closed(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CLOSED_TERMINAL, str(slave)],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONPATH": str(PROJECT), "LOG_FORMAT": "json"},
        pass_fds=[slave],
    )
    os.close(slave)
    try:
        read_until(master, b"is ready")
        os.kill(process.pid, signal.SIGHUP)
        read_until(master, b"configuration.reloaded")
        os.close(master)

        assert process.wait(30) == 0
    finally:
        process.kill()


def read_until(terminal: int, text: bytes) -> None:
    said = b""
    while text not in said:
        said += os.read(terminal, 4_096)


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    return lambda **environ: resolve(environ, tmp_path).settings


def test_the_keys_that_are_applied_are_these_when_they_are_listed() -> None:
    assert {key for key, leaf in catalogue().items() if leaf.key.live} == LIVE


def test_nothing_else_changes_when_keys_are_applied(settings: Callable[..., Settings]) -> None:
    before = settings()
    after = settings(
        LOG_LEVEL="error", RATE_LIMIT_DEFAULT="1/hour", NOTIFY_SMS_ENABLED="false", APP_NAME="Other", SMTP_PORT="2525"
    )

    found = changes(before, after)

    assert set(found.live) == {"LOG_LEVEL", "RATE_LIMIT_DEFAULT", "NOTIFY_SMS_ENABLED"}
    assert found.restart == ("APP_NAME", "SMTP_PORT")
    now = applied(before, found.live)
    assert changes(now, after).live == {}
    assert set(changes(before, now).live) == set(found.live)
    assert changes(before, now).restart == ()


def test_a_provider_is_named_when_only_its_own_keys_have_changed(settings: Callable[..., Settings]) -> None:
    described = {
        "NOTIFY_EMAIL_PROVIDERS": "relay-a",
        "PROVIDER__RELAY_A__DRIVER": "smtp",
        "PROVIDER__RELAY_A__HOST": "a.example.com",
    }
    before, after = settings(**described), settings(**described, PROVIDER__RELAY_A__PORT="26")

    assert changes(before, after).restart == ("PROVIDER__RELAY_A__*",)
    assert changes(before, before).restart == ()
