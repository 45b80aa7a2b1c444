"""What settings do to processes that are really started."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap.env import read_settings
from infrastructure.config.problems import EXIT_CODE
from tests.e2e.processes import AppProcess, Installation, eventually

READY = "is ready"
TO_ANN = {
    "to": [{"subscriberId": "ann", "email": "ann@example.com", "phone": "+491701234567"}],
    "channels": ["email", "sms"],
    "content": {"title": "Hi"},
}


def lines(process: AppProcess) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in process.output.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("part", ["all", "serve", "worker", "scheduler"])
async def test_warnings_are_in_its_log_when_a_process_has_started(part: str, tmp_path: Path) -> None:
    environment = {"LOG_FORMAT": "json", "QUEUE_ENGINE": "file", "CACHE_PREFIX": "x"}
    async with Installation(tmp_path, environment) as installation:
        process = await installation.start(part, ready_text=READY)
        await process.stop()

    warned = [line for line in lines(process) if line["event"] == "configuration.warning"]
    assert {(line["level"], line["warning"].split(" ", 1)[0]) for line in warned} == {
        ("warning", "QUEUE_ENGINE"),
        ("warning", "CACHE_PREFIX"),
    }


async def test_no_warning_is_in_its_log_when_there_is_nothing_to_warn_of(tmp_path: Path) -> None:
    async with Installation(tmp_path, {"LOG_FORMAT": "json"}) as installation:
        process = await installation.start("scheduler", ready_text=READY)
        await process.stop()

    assert "configuration.warning" not in process.output


@pytest.mark.parametrize("echo", ["true", "false"])
async def test_statements_are_in_its_log_when_they_are_echoed(echo: str, tmp_path: Path) -> None:
    async with Installation(tmp_path, {"LOG_FORMAT": "json", "DB_ECHO": echo}) as installation:
        process = await installation.start("scheduler", ready_text=READY)
        await process.stop()

    statements = [line for line in lines(process) if line["logger"] == "sqlalchemy.engine.Engine"]
    assert any("INSERT OR IGNORE INTO tenants" in line["event"] for line in statements) is (echo == "true")
    # Each once, in the log's own form: nothing goes past it.
    assert process.output.count("INSERT OR IGNORE INTO tenants") == sum(
        "INSERT OR IGNORE INTO tenants" in line["event"] for line in statements
    )


@pytest.mark.parametrize("env", ["staging", "production"])
def test_echo_is_refused_when_people_depend_on_the_installation(
    env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_ENV", env)
    monkeypatch.setenv("DB_ECHO", "true")

    with pytest.raises(SystemExit) as end:
        read_settings()

    assert end.value.code == EXIT_CODE
    assert f"DB_ECHO must be off: it writes people's data into the log [APP_ENV={env}]" in capsys.readouterr().err


async def statuses(client: httpx.AsyncClient, notification: str) -> dict[str, str]:
    """By channel."""
    found = (await client.get(f"/api/v1/notifications/{notification}/deliveries")).json()["data"]
    return {each["channel"]: each["status"] for each in found}


async def test_a_worker_leaves_the_other_queues_alone_when_some_are_named(tmp_path: Path) -> None:
    environment = {"NOTIFY_EMAIL_QUEUE": "mail", "WORKER_QUEUES": "default,notifications,mail", "WORKER_SWEEP": "50ms"}
    async with Installation(tmp_path, environment) as installation:
        server = await installation.start("serve")
        headers = {"Authorization": f"ApiKey {installation.api_key}"}
        async with httpx.AsyncClient(base_url=server.base_url, headers=headers, trust_env=False) as client:

            async def send() -> str:
                return str((await client.post("/api/v1/notifications", json=TO_ANN)).json()["data"]["id"])

            async def sent_by(worker: AppProcess, notification: str, channel: str) -> dict[str, str]:
                try:
                    return await eventually(
                        lambda: statuses(client, notification), lambda found: found.get(channel) == "sent"
                    )
                finally:
                    await worker.stop()

            first = await send()
            mail = await installation.start("worker", arguments=["--queues", "mail"], ready_text=READY)
            after_mail = await sent_by(mail, first, "email")
            second = await send()
            rest = await installation.start("worker", arguments=["--queues", "notifications"], ready_text=READY)
            after_rest = [await sent_by(rest, second, "sms"), await statuses(client, first)]

    assert after_mail == {"email": "sent", "sms": "pending"}
    assert after_rest == [{"email": "pending", "sms": "sent"}, {"email": "sent", "sms": "sent"}]
