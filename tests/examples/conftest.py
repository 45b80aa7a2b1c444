"""A container as an example wants it."""

from pathlib import Path

import pytest

from app.bootstrap.container import build_container
from container import Container
from infrastructure.config.loader import load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    """Everything in memory, as `.env.test` says."""
    return build_container(load_settings({"APP_ENV": "test", "DATA_DIR": str(tmp_path)}, ROOT))
