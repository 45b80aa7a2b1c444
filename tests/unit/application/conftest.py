"""A container whose time stands, with everything in memory and nobody at work but the test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dependency_injector import providers

from app.bootstrap.container import build_container
from application.ports.wake_ups import WakeUps
from container import Container
from infrastructure.config.loader import load_settings
from infrastructure.memory.fixed_clock import FixedClock

ROOT = Path(__file__).parents[3]
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class UnheardWakeUps(WakeUps):
    """The test looks for due jobs itself."""

    async def send(self, queues: object) -> None:
        return


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def container(tmp_path: Path, clock: FixedClock) -> Iterator[Container]:
    container = build_container(load_settings({"APP_ENV": "test", "DATA_DIR": str(tmp_path)}, ROOT))
    with (
        container.clock.override(providers.Object(clock)),
        container.wake_ups.override(providers.Object(UnheardWakeUps())),
    ):
        yield container
