"""`audit verify` as a process of its own, on the file of an installation."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap.container import build_container
from app.bootstrap.installation import install
from app.bootstrap.lifespan import running
from domain.identity.principal import Principal
from infrastructure.config.loader import load_settings

PROJECT = Path(__file__).parents[2]


def environment(folder: Path) -> dict[str, str]:
    return {
        "APP_ENV": "production",
        "AUTH_SECRET": "a secret that is long enough for the tests",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/carillon.db",
        "LOG_SINKS": "none",
    }


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "audit", "verify", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), **environment(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def fill(folder: Path, topics: int) -> None:
    """A first start, and a few changes, sealed by the relay."""
    container = build_container(load_settings(environment(folder), folder))
    await install(container)
    async with running(container.store_lifecycle(), log=container.log(), stop_timeout=5):
        for number in range(topics):
            await container.put_topic()(Principal.system("default"), f"t{number}", None)
        while await container.relay_events()():
            pass


def forge(folder: Path, sql: str) -> None:
    with sqlite3.connect(folder / "carillon.db") as connection:
        assert connection.execute(sql).rowcount == 1
    connection.close()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    asyncio.run(fill(tmp_path, 4))
    return tmp_path


def test_it_says_how_many_there_are_when_nobody_touched_them(filled: Path) -> None:
    whole, empty = verify(filled), verify(filled, "--tenant", "other")

    assert (whole.returncode, whole.stdout) == (0, "audit: 5 entries of tenant default, all as they were sealed\n")
    assert (empty.returncode, empty.stdout) == (0, "audit: 0 entries of tenant other, all as they were sealed\n")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE audit_entries SET actor = 'api_key:x' WHERE position = 3", "entry 3 of tenant default is changed"),
        ("DELETE FROM audit_entries WHERE position = 5", "entry 5 of tenant default is missing"),
    ],
)
def test_it_fails_and_names_the_place_when_somebody_did(filled: Path, sql: str, said: str) -> None:
    forge(filled, sql)
    found = verify(filled)

    assert found.returncode == 1
    assert said in found.stderr
    assert found.stdout == ""


def test_it_fails_when_the_database_was_never_migrated(tmp_path: Path) -> None:
    found = verify(tmp_path)

    assert (found.returncode, "db upgrade" in found.stderr) == (1, True)
