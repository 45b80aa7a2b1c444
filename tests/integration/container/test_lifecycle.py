"""What a process starts and stops, and in which order."""

import asyncio
import time
from collections.abc import Mapping
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
from dependency_injector import providers

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.lifespan import running
from container import Container
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.container.built import settings_of
from tests.integration.container.kinds import is_state

LIFECYCLES = ("api_lifecycle", "worker_lifecycle", "scheduler_lifecycle", "lifecycle")
MEMORY: Mapping[str, str] = {}
EMBEDDED = {"DATABASE_URL": "sqlite:///carillon.db", "QUEUE_DRIVER": "file", "REALTIME_DRIVER": "file"}


class Part:
    """Tells the order in which it is started and stopped."""

    def __init__(self, name: str, told: list[str], *, fails_to: str = "", hangs: bool = False) -> None:
        self._name = name
        self._told = told
        self._fails_to = fails_to
        self._hangs = hangs

    async def start(self) -> None:
        await self._do("start")

    async def stop(self) -> None:
        await self._do("stop")

    async def _do(self, what: str) -> None:
        self._told.append(f"{what} {self._name}")
        if self._fails_to == what:
            raise RuntimeError(f"{self._name} does not {what}")
        if self._hangs and what == "stop":
            await asyncio.Event().wait()


@pytest.fixture(params=[MEMORY, EMBEDDED], ids=["memory", "embedded"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Container:
    values: Mapping[str, str] = request.param
    return build_container(settings_of(tmp_path, **values))


@pytest.mark.parametrize("name", LIFECYCLES)
def test_every_part_can_be_started_and_stopped_when_it_is_listed(name: str, container: Container) -> None:
    parts = container.providers[name]()

    assert len(parts) > 4
    for part in parts:
        assert iscoroutinefunction(part.start), part
        assert iscoroutinefunction(part.stop), part
    assert len({id(part) for part in parts}) == len(parts), "a part is listed twice"


@pytest.mark.parametrize("name", LIFECYCLES)
def test_parts_are_state_when_they_are_listed(name: str) -> None:
    """What is started has to be the very thing that is used: made anew it would never have been started."""
    listed = Container.providers[name]

    assert isinstance(listed, providers.List)
    assert all(is_state(part) for part in listed.args)


def test_everything_that_one_process_starts_is_what_the_parts_start(container: Container) -> None:
    parts = {id(part) for name in LIFECYCLES[:-1] for part in container.providers[name]()}

    assert {id(part) for part in container.lifecycle()} == parts | {id(container.wake_listener())}


@pytest.mark.parametrize("name", LIFECYCLES)
def test_supervisor_and_clients_come_before_the_loops_when_a_process_starts(name: str, container: Container) -> None:
    parts = [type(part).__name__ for part in container.providers[name]()]
    loops = {"Worker", "RelayLoop", "Periodic", "ProcessStreamHub", "WakeListener"}

    first_loop = next(index for index, part in enumerate(parts) if part in loops)

    assert parts[0] == "AsyncioTaskSupervisor"
    assert {"MessageBus", "BoundedExecutor"} <= set(parts[:first_loop])


async def test_application_starts_parts_in_order_and_stops_them_in_reverse(tmp_path: Path) -> None:
    told: list[str] = []
    container = build_container(settings_of(tmp_path))
    app = create_app(container, [Part("a", told), Part("b", told), Part("c", told)])

    async with app.lifespan():
        assert told == ["start a", "start b", "start c"]

    assert told[3:] == ["stop c", "stop b", "stop a"]


async def test_parts_before_are_stopped_when_one_does_not_start() -> None:
    told: list[str] = []
    parts = [Part("a", told), Part("b", told), Part("c", told, fails_to="start"), Part("d", told)]

    with pytest.raises(RuntimeError, match="c does not start"):
        async with running(parts, log=MemoryLog(), stop_timeout=1):
            pytest.fail("began to serve")

    assert told == ["start a", "start b", "start c", "stop b", "stop a"]


@pytest.mark.parametrize("trouble", [{"fails_to": "stop"}, {"hangs": True}], ids=["fails", "hangs"])
async def test_other_parts_are_stopped_when_one_does_not_stop(trouble: dict[str, str], tmp_path: Path) -> None:
    told: list[str] = []
    container = build_container(settings_of(tmp_path, SHUTDOWN_TIMEOUT="1s"))
    log = MemoryLog()
    app = create_app(container, [Part("a", told), Part("b", told, **trouble), Part("c", told)])  # type: ignore[arg-type]

    with container.log.override(providers.Object(log)):
        async with app.lifespan():
            told.clear()

    assert told == ["stop c", "stop b", "stop a"]
    assert [line.fields["part"] for line in log.lines("lifecycle.stop_failed")] == ["Part"]


async def test_end_comes_in_time_when_many_parts_do_not_stop() -> None:
    told: list[str] = []
    parts = [Part(str(number), told, hangs=True) for number in range(3)]
    began = 0.0

    async with running(parts, log=MemoryLog(), stop_timeout=1.0):
        told.clear()
        began = time.monotonic()

    assert told == ["stop 2", "stop 1", "stop 0"]
    assert time.monotonic() - began < 3.0


@pytest.mark.parametrize("name", LIFECYCLES)
async def test_process_starts_again_when_it_was_stopped(name: str, container: Container) -> None:
    await container.migrator().upgrade()
    parts = container.providers[name]()
    log = MemoryLog()

    for _ in range(2):
        async with running(parts, log=log, stop_timeout=5):
            pass

    assert len(log.lines("lifecycle.stop_failed")) == 0
    assert [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_override_reaches_the_end_of_the_application_when_it_is_made_while_it_runs(tmp_path: Path) -> None:
    log = MemoryLog()
    container = build_container(settings_of(tmp_path))
    app = create_app(container, [Part("a", [], fails_to="stop")])
    lifespan = app.lifespan()
    await lifespan.__aenter__()

    with container.log.override(providers.Object(log)):
        await lifespan.__aexit__(None, None, None)

    assert len(log.lines("lifecycle.stop_failed")) == 1
