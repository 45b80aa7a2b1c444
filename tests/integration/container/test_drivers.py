"""A package that is installed beside Carillon brings a driver (ARC-05)."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dependency_injector import providers
from msgspec.structs import replace

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.lifespan import running
from application.notifications.request_rules import SendNotificationCommand
from domain.identity.principal import Principal
from domain.notifications.content import Audience, Content, Recipient
from domain.tenancy.tenant import DEFAULT_TENANT
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.settings import Settings
from tests.integration.container.built import settings_of
from tests.integration.container.kinds import kept_ports

MODULE = "carillon_pigeon"
PIGEON = """
from dependency_injector import providers

from application.ports.stream_hints import StreamHints


class PigeonHints(StreamHints):
    def __init__(self, bus, sent):
        self.bus, self.sent = bus, sent

    async def publish(self, hints):
        self.sent.extend(hints)
        await self.bus.tell(hints)

    def listen(self, listener):
        self.bus.listen(listener)


class Loft:
    def __init__(self):
        self.told = []

    async def start(self):
        self.told.append("start")

    async def stop(self):
        self.told.append("stop")


def providers_of(container):
    sent = providers.Singleton(list)
    return {"hints": providers.Factory(PigeonHints, container.hint_bus, sent), "_hints": providers.Singleton(Loft)}


def only_half(container):
    return {"_hints": providers.Singleton(Loft)}


def more_than_there_is(container):
    return {"pigeons": providers.Singleton(Loft)}


def no_provider(container):
    return {"hints": PigeonHints}


def broken(container):
    raise OSError("no grain left")
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Lay out a distribution as pip would, and put it on the path."""
    site = tmp_path / "site-packages"

    def lay_out(function: str = "providers_of", *, driver: str = "pigeon", package: str = "carillon-pigeon") -> None:
        info = site / f"{package.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[carillon.drivers]\n{driver} = {MODULE}:{function}\n")
        (site / f"{MODULE}.py").write_text(PIGEON)
        monkeypatch.syspath_prepend(str(site))

    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    yield lay_out
    sys.modules.pop(MODULE, None)


def chosen(folder: Path, driver: str = "pigeon") -> Settings:
    """Settings whose hints go by that driver, whatever the settings make of its name."""
    settings = settings_of(folder)
    return replace(settings, realtime=replace(settings.realtime, driver=driver))


async def test_driver_of_another_package_carries_hints_when_it_is_chosen(install: Install, tmp_path: Path) -> None:
    install()
    container = build_container(chosen(tmp_path))
    parts = container.lifecycle()
    create_app(container, parts)
    command = SendNotificationCommand(
        principal=Principal.system(DEFAULT_TENANT),
        audience=Audience(entries=(Recipient(subscriber_id="ann"),)),
        fingerprint="one",
        content=Content(title="Hello"),
    )

    async with running(parts, log=container.log(), stop_timeout=5):
        await container.send_notification()(command)

    assert [hint.kind for hint in container.hints().sent] == ["notification_received"]
    assert [part.told for part in parts if hasattr(part, "told")] == [["start", "stop"]]
    assert container.hints() is not container.hints()
    assert kept_ports(container) == []


def test_driver_is_overridden_like_any_other_when_another_package_brings_it(install: Install, tmp_path: Path) -> None:
    install()
    container, stand_in = build_container(chosen(tmp_path)), object()

    with container.hints.override(providers.Object(stand_in)):
        assert container.hints() is stand_in
    assert type(container.hints()).__name__ == "PigeonHints"


def test_other_containers_do_not_know_the_driver_when_one_has_it(install: Install, tmp_path: Path) -> None:
    install()
    with_it = build_container(chosen(tmp_path))

    without = build_container(settings_of(tmp_path))

    assert set(with_it.hints.providers) == {"memory", "file", "redis", "pigeon"}
    assert set(without.hints.providers) == {"memory", "file", "redis"}


def test_package_is_not_even_imported_when_its_driver_is_not_chosen(install: Install, tmp_path: Path) -> None:
    install()

    build_container(settings_of(tmp_path))

    assert MODULE not in sys.modules


def test_package_cannot_take_the_place_of_a_driver_when_it_uses_its_name(install: Install, tmp_path: Path) -> None:
    install(driver="memory")

    container = build_container(settings_of(tmp_path))

    assert type(container.hints()).__name__ == "MemoryHints"
    assert MODULE not in sys.modules


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("only_half", "brings nothing for hints"),
        ("more_than_there_is", "brings pigeons, for which there is no choice of drivers"),
        ("no_provider", "brings hints, which is no provider"),
        ("broken", "cannot be had: OSError: no grain left"),
        ("gone", "cannot be had: AttributeError"),
    ],
)
def test_container_is_refused_when_what_a_package_brings_does_not_fit(
    function: str, reason: str, install: Install, tmp_path: Path
) -> None:
    install(function)

    with pytest.raises(ConfigurationError) as refusal:
        build_container(chosen(tmp_path))

    assert str(refusal.value).startswith(f"the driver pigeon of carillon-pigeon 1.2 {reason}")


def test_container_is_refused_when_nobody_brings_the_driver(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the driver pigeon is brought by no package"):
        build_container(chosen(tmp_path))


def test_container_is_refused_when_two_packages_bring_the_driver(install: Install, tmp_path: Path) -> None:
    install()
    install(package="carillon-doves")

    with pytest.raises(
        ConfigurationError, match=r"brought by carillon-doves 1\.2 and carillon-pigeon 1\.2: remove one"
    ):
        build_container(chosen(tmp_path))
