"""Starting and ending Carillon as its operators do: `python -m app` and its parts, over one folder of data."""

import asyncio
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from tests.e2e import databases
from tests.e2e.processes import PRINTED_KEY, AppProcess, Installation, eventually

PARTS = ("serve", "serve", "worker", "scheduler")
FIRST_START = "First start"
MAIL = {
    "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
    "channels": ["in_app", "email"],
    "content": {"title": "Hello"},
}
# Orchestrators kill after 30 s, and nothing here has anything to wait for.
SOON = 10.0


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    async with Installation(tmp_path) as installation:
        yield installation


@asynccontextmanager
async def calling(process: AppProcess, credential: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": credential}
    async with httpx.AsyncClient(base_url=process.base_url, headers=headers, timeout=20, trust_env=False) as client:
        yield client


async def start_at_once(installation: Installation, parts: Sequence[str | None]) -> list[AppProcess]:
    """None of them waits for another."""
    says = {"worker": "is ready", "scheduler": "is ready"}
    made = [installation.process(part, ready_text=says.get(part or "all")) for part in parts]
    return list(await asyncio.gather(*(process.start() for process in made)))


async def run(installation: Installation, command: str, **environment: str) -> AppProcess:
    """A command that ends by itself."""
    part, *arguments = command.split()
    process = installation.process(part, environment, arguments=arguments)
    process._spawn()
    await process.ended(30)
    return process


def asked(installation: Installation, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{installation.data_dir}/carillon.db?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


async def token_of(process: AppProcess, key: str, subscriber_id: str = "ann") -> str:
    async with calling(process, f"ApiKey {key}") as backend:
        await backend.put(f"/api/v1/subscribers/{subscriber_id}", json={})
        answer = await backend.post(f"/api/v1/subscribers/{subscriber_id}/tokens")
    return str(answer.json()["data"]["token"])


def assert_installed_once(installation: Installation, processes: Sequence[AppProcess], statements: object) -> None:
    """One tenant, administrator and key, told by one process; a schema that was made in so many statements."""
    for table in ("tenants", "users", "api_keys", "alembic_version"):
        assert asked(installation, f"SELECT count(*) FROM {table}") == [(1,)], table  # noqa: S608 - a name from above
    assert asked(installation, "PRAGMA schema_version") == statements
    told = [len(PRINTED_KEY.findall(process.output)) for process in processes if FIRST_START in process.output]
    assert told == [1]
    assert "Traceback" not in "".join(process.output for process in processes)
    secrets = list((installation.data_dir / "secrets").iterdir())
    assert [(file.name, stat.S_IMODE(file.stat().st_mode)) for file in secrets] == [("auth_secret", 0o600)]


@pytest.fixture
async def statements(tmp_path: Path) -> object:
    """What SQLite counts for a schema that was migrated once: each statement that changes it."""
    if databases.chosen() != "sqlite":
        pytest.skip("its file is asked")
    alone = tmp_path / "alone"
    alone.mkdir()
    installation = Installation(alone)
    await run(installation, "db upgrade")
    return asked(installation, "PRAGMA schema_version")


async def test_four_parts_are_one_installation_when_they_start_at_once(
    installation: Installation, statements: object
) -> None:
    processes = await start_at_once(installation, PARTS)
    one, other, *_ = processes

    assert_installed_once(installation, processes, statements)
    token = await token_of(one, installation.api_key)
    async with (
        calling(one, f"ApiKey {installation.api_key}") as backend,
        calling(other, f"Bearer {token}") as browser,
        browser.stream("GET", "/sse/notifications") as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        sent = await backend.post("/api/v1/notifications", json=MAIL)
        async with asyncio.timeout(SOON):
            await anext(line async for line in lines if line == "event: notification_received")
        await eventually(lambda: _status(backend, sent), lambda status: status == "completed")
    assert [b"ann@example.com" in mail.read_bytes() for mail in installation.data_dir.rglob("*.eml")] == [True]


async def _status(backend: httpx.AsyncClient, sent: httpx.Response) -> object:
    return (await backend.get(f"/api/v1/notifications/{sent.json()['data']['id']}")).json()["data"]["status"]


async def test_one_of_four_migrates_and_installs_when_four_of_a_kind_start_at_once(
    installation: Installation, statements: object
) -> None:
    processes = await start_at_once(installation, [None] * 4)

    assert_installed_once(installation, processes, statements)


async def test_nobody_is_logged_out_when_the_process_starts_again(
    installation: Installation, capfd: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    server = await installation.start()
    cold_start = round(time.monotonic() - began, 2)
    key, printed = installation.api_key, server.output
    token = await token_of(server, key)

    await server.restart()

    async with calling(server, f"Bearer {token}") as browser, calling(server, f"ApiKey {key}") as backend:
        assert (await browser.get("/api/v1/inbox")).status_code == 200
        assert (await backend.get("/api/v1/notifications")).status_code == 200
    assert FIRST_START in printed
    assert FIRST_START not in server.output.removeprefix(printed)
    # Told and never asserted: it is the machine's doing as much as ours.
    record_property("cold_start_seconds", cold_start)
    with capfd.disabled():
        print(f"\nthe first 200 on an empty folder after {cold_start} s")  # noqa: T201


async def test_credentials_are_those_of_the_operator_when_they_are_chosen(installation: Installation) -> None:
    key = (await run(installation, "keys new")).output.split()[-1]
    chosen = {"BOOTSTRAP_API_KEY": key, "ADMIN_PASSWORD": "correct horse battery"}
    server = await installation.start(environment=chosen)

    async with calling(server, f"ApiKey {key}") as backend:
        assert (await backend.get("/api/v1/notifications")).status_code == 200
    assert FIRST_START not in server.output
    assert not any(secret in server.output for secret in chosen.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_every_part_ends_well_and_soon_when_it_is_told_to(
    number: signal.Signals, installation: Installation
) -> None:
    processes = await start_at_once(installation, [None, "serve", "worker", "scheduler"])
    token = await token_of(processes[0], installation.api_key)

    async with (
        calling(processes[0], f"Bearer {token}") as browser,
        browser.stream("GET", "/sse/notifications") as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        for process in processes:
            process.send_signal(number)
        rest = [line async for line in lines]
        codes = await asyncio.gather(*(process.ended(SOON) for process in processes))

    assert codes == [0, 0, 0, 0]
    assert "event: shutdown" in rest
    assert "Traceback" not in "".join(process.output for process in processes)


WRONG: Mapping[str, tuple[str, ...]] = {
    "APP_PORT=99999": ("all", "worker"),
    "AUTH_SECRET=short": ("serve", "token ann"),
    "MODULES_ENABLED=pigeons": ("all", "worker", "openapi"),
    "DATABASE_URL=memory://": ("serve", "worker", "scheduler"),
    "DATA_DIR=/dev/null/data": ("all", "db upgrade"),
}


@pytest.mark.parametrize("setting", WRONG)
async def test_process_ends_with_78_and_says_what_to_mend_when_a_setting_is_wrong(
    setting: str, installation: Installation
) -> None:
    name, _, value = setting.partition("=")

    ran = [await run(installation, command, **{name: value}) for command in WRONG[setting]]

    assert [process.exit_code for process in ran] == [78] * len(ran)
    for process in ran:
        assert f"configuration: {name} " in process.output
        assert "Traceback" not in process.output
    assert not (installation.data_dir / "carillon.db").exists()


async def test_process_ends_with_69_and_touches_nothing_when_its_port_is_taken(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = [await run(installation, command, APP_PORT=str(port)) for command in ("all", "serve")]

    for process in ran:
        assert process.exit_code == 69
        assert f"{process.part}: port {port} of 127.0.0.1 is taken" in process.output
        assert "Traceback" not in process.output
        assert FIRST_START not in process.output
    assert not (installation.data_dir / "carillon.db").exists()


async def test_process_ends_with_78_when_its_address_is_not_of_this_machine(installation: Installation) -> None:
    process = await run(installation, "serve", APP_HOST="192.0.2.1")

    assert process.exit_code == 78
    assert "configuration: APP_HOST cannot be listened on" in process.output
    assert "Traceback" not in process.output
    assert not (installation.data_dir / "carillon.db").exists()


async def test_first_line_says_that_it_prepares_when_a_server_starts(installation: Installation) -> None:
    server = await installation.start()

    first, second, *_ = server.output.splitlines()
    assert first == f"Preparing Carillon in {installation.data_dir} …"
    assert second.startswith(FIRST_START)


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("openapi", '"openapi": "3.1.0"'),
        ("keys webhook-secret", "whsec_"),
        ("token ann", "eyJ"),
        ("db upgrade", ""),
    ],
)
async def test_command_does_what_its_help_says(command: str, shows: str, installation: Installation) -> None:
    process = await run(installation, command)

    assert (process.exit_code, shows in process.output) == (0, True), process.output
