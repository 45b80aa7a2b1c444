"""`config check` and `config show` as processes of their own."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

START = "from app.bootstrap.env import read_settings; print(read_settings(several_processes={split}).app.env)"


def _run(program: list[str], place: Path, environ: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(
        [sys.executable, *program],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The processor's time and not the clock's: on a busy machine a process waits for its turn.
    return finished, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _config(action: str) -> list[str]:
    return ["-m", "app", "config", action]


BAD = {
    "APP_PORT": "x",
    "AUTH_SECRET": "hunter2",
    "DATABASE_URL": "mariadb://me:hunter2@127.0.0.1:1/none",
    "QUEUE_DRIVR": "redis",
    "DATA_DIR": "/dev/null/data",
    "APP_ENV": "production",
    "CORS_ORIGINS": "*",
}


@pytest.mark.parametrize("action", ["check", "show"])
def test_b32_the_process_ends_with_78_and_all_problems_when_it_is_wrong(action: str, tmp_path: Path) -> None:
    finished, seconds = _run(_config(action), tmp_path, BAD)

    assert finished.returncode == 78
    lines = [line for line in finished.stderr.splitlines() if line.startswith("configuration: ")]
    named = [line.split()[1] for line in lines[:-1]]
    assert set(named) == {"APP_PORT", "AUTH_SECRET", "DATABASE_URL", "QUEUE_DRIVR", "DATA_DIR", "CORS_ORIGINS"}
    assert len(named) == len(set(named))
    assert "hunter2" not in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert seconds < 3


def test_b32_the_start_ends_with_78_and_all_problems_when_it_is_wrong(tmp_path: Path) -> None:
    finished, seconds = _run(["-c", START.format(split=False)], tmp_path, BAD)

    assert finished.returncode == 78
    assert len(finished.stderr.splitlines()) == 6
    assert finished.stdout == ""
    assert seconds < 3


def test_check_says_so_and_creates_nothing_when_the_configuration_is_fine(tmp_path: Path) -> None:
    finished, _ = _run(_config("check"), tmp_path, {"QUEUE_ENGINE": "file"})

    assert (finished.returncode, list(tmp_path.iterdir())) == (0, [])
    assert finished.stdout == "The configuration is fine: APP_ENV=local.\n"
    assert finished.stderr == "warning: QUEUE_ENGINE is an old name of QUEUE_DRIVER [environment]\n"


def test_show_prints_each_value_and_its_source_when_the_configuration_is_fine(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_PORT=4000\n")

    finished, _ = _run(_config("show"), tmp_path, {"SMTP_PASSWORD": "hunter2"})

    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in finished.stdout.splitlines()}
    assert finished.returncode == 0
    assert rows["APP_PORT"].split(maxsplit=1) == ["4000", ".env line 1"]
    assert rows["SMTP_PASSWORD"].split() == ["********", "environment"]
    assert rows["SSE_PING_INTERVAL"].split() == ["15s", "default"]
    assert rows["AUTH_SECRET"].split(maxsplit=1) == ["-", "made at first start"]
    assert list(tmp_path.iterdir()) == [tmp_path / ".env"]


def test_the_start_makes_its_secret_when_the_configuration_is_fine(tmp_path: Path) -> None:
    first, _ = _run(["-c", START.format(split=True)], tmp_path, {})

    assert (first.returncode, first.stdout) == (0, "local\n")
    assert len((tmp_path / "data" / "secrets" / "auth_secret").read_text().strip()) >= 32


def test_b32_the_start_ends_with_78_when_parts_that_are_apart_share_memory(tmp_path: Path) -> None:
    finished, _ = _run(["-c", START.format(split=True)], tmp_path, {"REALTIME_DRIVER": "memory"})

    assert finished.returncode == 78
    assert finished.stderr.startswith("configuration: REALTIME_DRIVER must not be memory when server and worker")


@pytest.mark.parametrize("part", ["serve", "worker"])
def test_b32_the_start_ends_with_78_in_one_line_when_nobody_answers_at_the_database(part: str, tmp_path: Path) -> None:
    secret = "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgY29uZmlndXJhdGlvbnM"
    environ = {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/none", "AUTH_SECRET": secret, "APP_PORT": "0"}
    finished, _ = _run(["-m", "app", part], tmp_path, environ)

    assert finished.returncode == 78
    (line,) = [line for line in finished.stderr.splitlines() if line.startswith("configuration: ")]
    assert line.startswith("configuration: DATABASE_URL names a database that does not answer: ")
    assert not {"Traceback", "hunter2"} & set(finished.stderr.split())


def test_the_start_ends_with_78_when_the_administrators_address_does_not_fit(tmp_path: Path) -> None:
    finished, _ = _run(["-m", "app", "serve"], tmp_path, {"ADMIN_EMAIL": f"{'a' * 250}@example.com"})

    assert finished.returncode == 78
    assert finished.stderr == (
        "configuration: ADMIN_EMAIL must be an e-mail address of at most 254 characters [environment]\n"
    )
    assert list(tmp_path.iterdir()) == []
