"""What the README says is done here as it stands there: the commands, the session, the settings, the example."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.processes import PRINTED_KEY, ROOT, eventually, free_port
from tests.e2e.topology import only_embedded

README = (ROOT / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```(?P<kind>[\w-]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8000"
# What a clone has at its top level, and what only a developer's own folder has.
NOT_CLONED = re.compile(r"\.env$|\.env\.(?!example|test)|\.git$|\.venv$|data$|\..*_cache$|__pycache__$")


def blocks(kind: str) -> list[str]:
    return [block["body"] for block in FENCE.finditer(README) if block["kind"] == kind]


class Terminal:
    """Runs what is pasted into it, in a clone of the repository, until it is closed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._running: list[tuple[subprocess.Popen[bytes], Path]] = []

    def paste(self, text: str, **variables: str) -> "Pasted":
        output = self._folder.parent / f"terminal-{len(self._running)}.log"
        with output.open("wb") as printed:
            running = subprocess.Popen(
                ["bash", "-e", "-c", text],
                cwd=self._folder,
                env={**self._environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append((running, output))
        return Pasted(running, output)

    def close(self) -> None:
        for running, output in reversed(self._running):
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGTERM)
                running.wait(20)
            sys.stdout.write(f"--- {output.name}\n{output.read_text('utf-8', 'replace')[-4_000:]}\n")


class Pasted:
    """Something that was pasted, and what it has printed."""

    def __init__(self, running: subprocess.Popen[bytes], output: Path) -> None:
        self._running = running
        self._output = output

    async def shows(self, text: str, seconds: float = 20) -> str:
        """All that was printed, once `text` is in it."""

        async def look() -> str:
            assert self._running.poll() in {None, 0}, self._output.read_text("utf-8", "replace")[-4_000:]
            return self._output.read_text("utf-8", "replace")

        return await eventually(look, lambda printed: text in printed, seconds)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The repository as a clone has it, and installed: `make setup` finds nothing to do."""
    folder = tmp_path / "carillon"
    (folder / ".venv").mkdir(parents=True)
    for each in ROOT.iterdir():
        if not NOT_CLONED.match(each.name):
            (folder / each.name).symlink_to(each)
    for each in Path(sys.prefix).iterdir():
        if each.name != ".installed":
            (folder / ".venv" / each.name).symlink_to(each)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture
def terminal(clone: Path) -> Iterator[Terminal]:
    for program in ("bash", "curl", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on the PATH")
    terminal = Terminal(clone, {"PATH": os.environ["PATH"], "CI": "1", "PYTHONUNBUFFERED": "1", "HOME": str(clone)})
    yield terminal
    terminal.close()


def test_every_block_is_of_a_kind_that_is_tried_here() -> None:
    kinds = [block["kind"] for block in FENCE.finditer(README)]

    assert sorted(kinds) == ["ini", "python", "shell", "shell"]


@only_embedded("the README starts one process with make run", needs=pytest.mark.service)
async def test_two_commands_start_it_and_five_lines_do_the_main_job(terminal: Terminal, clone: Path) -> None:
    start, session = blocks("shell")
    port = str(free_port())
    assert start.split("\n") == ["make setup", "make run", ""]
    assert session.count("\n") == 5

    server = terminal.paste(start, APP_PORT=port)
    printed = await server.shows("Carillon is ready", seconds=60)
    key = PRINTED_KEY.search(printed)
    assert key is not None
    client = terminal.paste(session.replace(PORT, port), KEY=key[0])

    await client.shows("retry: ")
    assert '"title":"Hello, Ann"' in await client.shows('"streamCursor":')
    again = next(line for line in session.splitlines() if "--json" in line)
    terminal.paste(f"{session.splitlines()[0]}\n{again}".replace(PORT, port), KEY=key[0])
    assert "Hello, Ann" in (await client.shows("event: notification_received")).partition("event:")[2]
    assert (clone / "data" / "carillon.db").exists()
    async with httpx.AsyncClient(trust_env=False) as browser:
        for address in re.findall(r"<(http://127\.0\.0\.1:\d+/\S*)>", README):
            page = await browser.get(address.replace(PORT, port))
            assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html"), address


def test_settings_are_accepted_as_they_are_shown(clone: Path) -> None:
    [shown] = blocks("ini")
    (clone / ".env").write_text(shown)
    environment = {"PATH": os.environ["PATH"]}

    ran = {
        action: subprocess.run(
            [clone / ".venv" / "bin" / "python", "-m", "app", "config", action],
            cwd=clone,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for action in ("check", "show")
    }

    assert shown.count("\n") == 5
    assert (ran["check"].returncode, ran["check"].stderr) == (0, "")
    from_file = {line.split()[0] for line in ran["show"].stdout.splitlines() if re.search(r" \.env\b", line)}
    assert from_file == {line.partition("=")[0] for line in shown.splitlines()}


def test_example_passes_when_it_is_run_as_it_is_shown(clone: Path) -> None:
    [shown] = blocks("python")
    (clone / "test_of_ones_own.py").write_text(shown)

    ran = subprocess.run(
        [clone / ".venv" / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_of_ones_own.py"],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr
