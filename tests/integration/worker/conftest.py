"""A migrated SQLite file for each test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infrastructure.database.sqlite_migrator import SqliteMigrator
from tests.integration.worker.sqlite_world import SqliteWorld


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    SqliteMigrator(f"sqlite+aiosqlite:///{path}").upgrade_now()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "carillon.db"))


@pytest.fixture
async def world(database: Path) -> AsyncIterator[SqliteWorld]:
    """For tests to write and look with; its worker has no channels unless they give it some."""
    opened = SqliteWorld(database)
    await opened.engines.start()
    yield opened
    await opened.engines.stop()
