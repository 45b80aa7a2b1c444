"""Listeners that a module brings: told of what was committed, by the relay of the worker (ARC-15, ARC-26)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from dependency_injector import providers

from app.bootstrap import modules
from app.bootstrap.container import build_container
from app.bootstrap.modules import MODULES, Module
from application.ports.event_relay import SealedEvent
from application.shared.listener import ListenerSpec, listens
from container import Container
from tests.examples.serving import serving
from tests.integration.container.built import settings_of

HELLO = {"to": ["ann"], "content": {"title": "Hello"}}


@listens(ListenerSpec(name="planted.write_down", pattern="notification.*"))
@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDown:
    """Keeps what it is told; the first `failures` calls fail."""

    told: asyncio.Queue[SealedEvent]
    failures: list[Exception]

    async def __call__(self, event: SealedEvent) -> None:
        if self.failures:
            raise self.failures.pop()
        self.told.put_nowait(event)


class Planted:
    """A further module, and the container in which its listener is."""

    def __init__(self, folder: Path) -> None:
        self.told: asyncio.Queue[SealedEvent] = asyncio.Queue(maxsize=100)
        self.failures: list[Exception] = []
        self._folder = folder

    def container(self, *names: str) -> Container:
        """With the required modules and those of these names."""
        needed = [module.name for module in MODULES if module.required]
        container = build_container(settings_of(self._folder, MODULES_ENABLED=",".join([*needed, *names])))
        container.set_provider(
            "write_down", providers.Factory(WriteDown, told=providers.Object(self.told), failures=self.failures)
        )
        return container


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    monkeypatch.setattr(modules, "MODULES", (*MODULES, Module(name="planted", listeners=("write_down",))))
    return Planted(tmp_path)


async def test_listener_is_told_once_of_each_event_when_its_module_is_enabled(planted: Planted) -> None:
    async with serving(planted.container("notifications", "planted")) as client:
        accepted = [(await client.post("/api/v1/notifications", json=HELLO)).json()["data"] for _ in range(3)]
        told = [await asyncio.wait_for(planted.told.get(), 5) for _ in accepted]

    assert [(event.type, event.aggregate_id) for event in told] == [
        ("notification.accepted", f"notification:{each['id']}") for each in accepted
    ]
    assert [event.position for event in told] == sorted(event.position for event in told)
    assert planted.told.empty()


async def test_listener_is_told_by_the_container_in_use_when_its_use_case_is_overridden(planted: Planted) -> None:
    async def instead(event: SealedEvent) -> None:
        heard.set_result(event.type)

    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    container = planted.container("notifications", "planted")
    async with serving(container) as client:
        with container.providers["write_down"].override(providers.Object(instead)):
            await client.post("/api/v1/notifications", json=HELLO)
            assert await asyncio.wait_for(heard, 5) == "notification.accepted"

    assert planted.told.empty()


async def test_failed_listener_is_offered_the_event_by_a_job_when_it_raised(planted: Planted) -> None:
    planted.failures.append(RuntimeError("planted"))
    container = planted.container("notifications", "planted")
    async with serving(container) as client:
        await client.post("/api/v1/notifications", json=HELLO)
        await _until(lambda: bool(container.memory_database().jobs.committed.all()))

    [job] = container.memory_database().jobs.committed.all()
    assert (job.item.name, job.item.queue) == ("relay.redeliver_event", "maintenance")
    assert b"planted.write_down" in job.item.payload


def test_listener_is_not_there_when_its_module_is_left_out(planted: Planted) -> None:
    assert [each.name for each in planted.container("notifications", "planted").listeners()] == ["planted.write_down"]
    assert [each.name for each in planted.container("notifications").listeners()] == []


def test_listeners_are_refused_when_two_have_one_name(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = Module(name="planted", listeners=("write_down", "write_down"))
    monkeypatch.setattr(modules, "MODULES", (*MODULES, twice))

    with pytest.raises(ValueError, match="planted"):
        planted.container("planted").listeners()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nobody could set an event for it
            await asyncio.sleep(0.005)
