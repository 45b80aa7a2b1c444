"""Starting and ending Carillon as its operators do: `python -m app` and its parts, over one folder of data."""

import asyncio
import signal
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.processes import PRINTED_KEY, AppProcess, Installation, eventually
from tests.e2e.store import asked, schema_made_in

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


async def token_of(process: AppProcess, key: str, subscriber_id: str = "ann") -> str:
    async with calling(process, f"ApiKey {key}") as backend:
        await backend.put(f"/api/v1/subscribers/{subscriber_id}", json={})
        answer = await backend.post(f"/api/v1/subscribers/{subscriber_id}/tokens")
    return str(answer.json()["data"]["token"])


async def assert_installed_once(installation: Installation, processes: Sequence[AppProcess], schema: object) -> None:
    """One tenant, administrator and key, told by one process; a schema that was made as often as `schema`."""
    for table in ("tenants", "users", "api_keys", "alembic_version"):
        rows = await asked(installation, f"SELECT count(*) FROM {table}")  # noqa: S608 - a name from above
        assert rows == [(1,)], table
    assert await schema_made_in(installation) == schema
    told = [len(PRINTED_KEY.findall(process.output)) for process in processes if FIRST_START in process.output]
    assert told == [1]
    assert "Traceback" not in "".join(process.output for process in processes)
    kept = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (installation.data_dir / "secrets").glob("*")}
    assert kept == ({} if "AUTH_SECRET" in installation.settings else {"auth_secret": 0o600})


@pytest.fixture
async def schema(tmp_path: Path) -> object:
    """What is counted for a schema that was migrated once."""
    alone = tmp_path / "alone"
    alone.mkdir()
    async with Installation(alone) as installation:
        await run(installation, "db upgrade")
        return await schema_made_in(installation)


async def test_four_parts_are_one_installation_when_they_start_at_once(
    installation: Installation, schema: object
) -> None:
    processes = await start_at_once(installation, PARTS)
    one, other, *_ = processes

    await assert_installed_once(installation, processes, schema)
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
    installation: Installation, schema: object
) -> None:
    processes = await start_at_once(installation, ["all"] * 4)

    await assert_installed_once(installation, processes, schema)


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
    processes = await start_at_once(installation, ["all", "serve", "worker", "scheduler"])
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
