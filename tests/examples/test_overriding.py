"""The example of the README, line by line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from dependency_injector import providers

from app.bootstrap.container import build_container
from container import Container
from domain.notifications.channel import Channel
from domain.shared.errors import Unavailable
from infrastructure.config.loader import load_settings
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from tests.examples.serving import serving

TO_ANN = {
    "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
    "channels": ["email"],
    "content": {"title": "Hi"},
}


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return build_container(load_settings({"APP_ENV": "test", "DATA_DIR": str(tmp_path)}, Path.cwd()))


async def test_mail_goes_nowhere_when_its_channel_is_overridden(container: Container) -> None:
    fake = RecordingChannel(Channel.EMAIL)
    async with serving(container) as client:
        with container.email_channel.override(providers.Object(fake)):
            await client.post("/api/v1/notifications", json=TO_ANN)
            assert [message.title for message in await fake.wait_for(1)] == ["Hi"]


async def test_tomorrow_comes_at_once_when_the_clock_is_turned(container: Container) -> None:
    clock, fake = FixedClock(datetime(2030, 1, 1, tzinfo=UTC)), RecordingChannel(Channel.EMAIL)
    with container.clock.override(providers.Object(clock)), container.email_channel.override(providers.Object(fake)):
        async with serving(container) as client:
            await client.post("/api/v1/notifications", json={**TO_ANN, "sendAt": "2030-01-02T00:00:00Z"})
            clock.advance(86_400)
            await fake.wait_for(1)


async def test_backend_is_asked_to_wait_when_sending_is_replaced(container: Container) -> None:
    async def refuse(_command: object) -> None:
        raise Unavailable("Back at noon", retry_after=60)

    async with serving(container) as client:
        with container.send_notification.override(providers.Object(refuse)):
            answer = await client.post("/api/v1/notifications", json=TO_ANN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
