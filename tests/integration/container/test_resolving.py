"""Every provider can be had at once, whatever the settings choose, and having it connects nothing (ARC-04)."""

import inspect
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest
from dependency_injector import errors, providers

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from container import Container
from infrastructure.config import drivers
from infrastructure.config.catalogue import catalogue
from infrastructure.config.drivers import Drivers
from tests.integration.container.built import settings_of
from tests.integration.container.kinds import Provider, makers, ports_and_use_cases, rejected, states, unchosen
from tests.integration.container.reach import remembering
from tests.integration.container.watch import reaches

# Named where a driver needs more than its name.
ALSO = {
    "smtp": {"SMTP_HOST": "127.0.0.1"},
    "ses": {"PROVIDER__SES__REGION": "eu-central-1"},
    "sendgrid": {"PROVIDER__SENDGRID__API_KEY": "SG.x"},
}
URLS = {
    "sqlite": "sqlite:///carillon.db",
    "postgres": "postgresql://nobody@127.0.0.1:9/none",
    "memory": "memory://",
}
# Nothing listens there; to be refused takes a connection, which is what the tests look for.
NOBODY = ("127.0.0.1", 9)


def choices() -> Iterator[Mapping[str, str]]:
    """The environment of each combination of drivers that this version serves."""
    assert set(URLS) == set(drivers.DATABASE.served), "a database without a URL to try it with"
    options = {"DATABASE_URL": tuple(URLS.values())} | {
        name: leaf.key.parse.served
        for name, leaf in catalogue().items()
        if isinstance(leaf.key.parse, Drivers) and len(leaf.key.parse.served) > 1 and name.endswith("_DRIVER")
    }
    for values in product(*options.values()):
        yield dict(zip(options, values, strict=True)) | next((ALSO[each] for each in values if each in ALSO), {})


def _named(environment: Mapping[str, str]) -> str:
    return "-".join(value.partition(":")[0] for key, value in environment.items() if key.endswith(("_DRIVER", "_URL")))


@pytest.fixture(params=list(choices()), ids=_named)
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Container:
    environment: Mapping[str, str] = request.param
    return build_container(settings_of(tmp_path, **environment))


def in_use(container: Container) -> dict[str, Provider]:
    """By name, without the clients of drivers that were not chosen."""
    idle = unchosen(container)
    return {name: each for name, each in container.providers.items() if name not in idle}


def test_every_provider_gives_a_product_and_no_promise_when_it_is_asked(container: Container, tmp_path: Path) -> None:
    folder, threads = sorted(tmp_path.iterdir()), threading.enumerate()
    with reaches() as reached:
        given = {name: provider() for name, provider in in_use(container).items()}
        again = {name: provider() for name, provider in in_use(container).items()}

    assert [name for name, each in given.items() if inspect.isawaitable(each)] == []
    assert [name for name in states(container) if name in given and _kept(given[name], again[name])] == []
    assert reached == []
    assert (sorted(tmp_path.iterdir()), threading.enumerate()) == (folder, threads)


def _kept(first: object, second: object) -> bool:
    """Whether two answers of a state are not the same; lists are made anew, and their parts are not."""
    return list(first) != list(second) if isinstance(first, list) and isinstance(second, list) else first is not second


def test_other_drivers_are_never_made_when_everything_else_is_used(container: Container) -> None:
    made: list[object] = []
    others = [maker for provider in rejected(container) for maker in makers(provider)]
    for maker in others:
        maker.set_provides(remembering(maker.cls, made.append))

    create_app(container, container.lifecycle())
    for provider in in_use(container).values():
        provider()

    assert len(others) > 10
    assert made == []


@pytest.mark.parametrize("environment", [{"DATABASE_URL": URLS["sqlite"]}, {"REALTIME_DRIVER": "file"}], ids=str)
def test_clients_are_told_apart_when_one_of_two_drivers_needs_them(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    redis = {"queue_redis", "realtime_redis", "hint_channel"}
    memory = set(unchosen(build_container(settings_of(tmp_path))))
    other = set(unchosen(build_container(settings_of(tmp_path, **environment))))

    assert memory == {"sqlite_engines", "postgres_engines", "hint_file", *redis}
    assert other == (
        {"memory_database", "postgres_engines", "hint_file", *redis}
        if "DATABASE_URL" in environment
        else {"sqlite_engines", "postgres_engines", *redis}
    )


def _connect() -> None:
    with socket.socket() as probe:
        probe.connect_ex(NOBODY)


@pytest.mark.parametrize("what", ["connects", "opens a database", "writes", "makes a folder", "starts a program"])
def test_watch_sees_it_when_something_is_reached_for(what: str, tmp_path: Path) -> None:
    does: Mapping[str, Callable[[], object]] = {
        "connects": _connect,
        "opens a database": lambda: sqlite3.connect(tmp_path / "x.db").close(),
        "writes": lambda: (tmp_path / "x").write_text("x"),
        "makes a folder": (tmp_path / "f").mkdir,
        "starts a program": lambda: subprocess.run(["true"], check=True),
    }
    with reaches() as reached:
        does[what]()
    unwatched = len(reached)
    does["connects"]()

    assert unwatched > 0
    assert len(reached) == unwatched


def test_dependencies_are_complete_when_the_container_is_built(tmp_path: Path) -> None:
    with pytest.raises(errors.Error, match="settings"):
        Container().check_dependencies()

    build_container(settings_of(tmp_path)).check_dependencies()


def test_container_refuses_settings_when_they_are_something_else(tmp_path: Path) -> None:
    container = build_container(settings_of(tmp_path))

    with container.settings.override(providers.Object({"queue": "memory"})), pytest.raises(errors.Error):
        container.settings()


def test_every_port_and_use_case_is_made_anew_when_it_is_asked_twice(tmp_path: Path) -> None:
    container = build_container(settings_of(tmp_path))
    named = ports_and_use_cases(container)

    assert [name for name, provider in named.items() if provider() is provider()] == []
