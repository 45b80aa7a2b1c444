"""An override reaches an application that is built and running, whoever uses what is overridden (TST-11).

Ports and use cases are overridden at any time; settings and states, which are made once, before their first use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from dependency_injector import containers, providers

from app.bootstrap.container import build_container
from app.bootstrap.lifespan import running
from application.ports.clock import Clock
from container import Container
from infrastructure.database.unit_of_work import SqlUnitOfWork
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from tests.integration.container.built import Built, Plant, build, settings_of
from tests.integration.container.kinds import GIVEN, Provider, kept_ports, needs, ports_and_use_cases, states
from tests.integration.container.reach import Reach, Spied

MEMORY: Mapping[str, str] = {"ENABLE_RATE_LIMITING": "true"}
EMBEDDED = {
    **MEMORY,
    "DATABASE_URL": "sqlite:///carillon.db",
    "QUEUE_DRIVER": "file",
    "REALTIME_DRIVER": "file",
}
# What is asked for before anything is served, and by nobody afterwards.
USED_AT_START = {"install_default_tenant", "password_hasher"}
# What only a command asks for.
USED_BY_COMMANDS = {"audit_reader", "verify_audit"}


def built_in(folder: Path, environment: Mapping[str, str], **planted: Plant) -> Built:
    return build(settings_of(folder, **environment), **planted)


def unreached(built: Built) -> list[str]:
    """Everything that is wrong, over all ports and use cases in turn."""
    return [problem for name in ports_and_use_cases(built.container) for problem in built.unreached(name)]


@pytest.mark.parametrize("environment", [MEMORY, EMBEDDED], ids=["memory", "embedded"])
async def test_override_reaches_every_user_when_everything_runs(environment: Mapping[str, str], tmp_path: Path) -> None:
    built = built_in(tmp_path, environment)
    if "DATABASE_URL" in environment:
        await built.container.migrator().upgrade()

    async with running(built.container.lifecycle(), log=built.container.log(), stop_timeout=5):
        assert unreached(built) == []
        assert built.kept() == []


def test_every_port_and_use_case_has_a_user_when_the_application_is_built(tmp_path: Path) -> None:
    built = built_in(tmp_path, MEMORY)

    unused = {name for name in ports_and_use_cases(built.container) if not built.users_of(name)}

    assert unused == USED_AT_START | USED_BY_COMMANDS


@dataclass(slots=True)
class Hoarder:
    """Holds on to the clock that it was made with."""

    clock: Clock


def hoarder_of(container: containers.Container) -> Hoarder:
    return Hoarder(container.clock())


def takes_an_instance(container: containers.Container) -> Provider:
    """The mistake that is easily made: `container.clock` where `container.clock.provider` was meant."""
    return providers.Singleton(Hoarder, clock=container.clock)


def takes_an_instance_deep_down(container: containers.Container) -> Provider:
    """The same behind a bundle without a name of its own."""
    return providers.Singleton(Hoarder, clock=providers.Factory(Hoarder, clock=container.clock))


def asks_at_once(container: containers.Container) -> Provider:
    """What no argument shows: the container is asked while the state is made."""
    return providers.Singleton(hoarder_of, container.itself)


@pytest.mark.parametrize("plant", [takes_an_instance, takes_an_instance_deep_down])
def test_walk_and_rule_tell_when_a_state_takes_a_port_instance(plant: Plant, tmp_path: Path) -> None:
    built = built_in(tmp_path, MEMORY, hoarder=plant)

    assert unreached(built) == ["hoarder does not get the stand-in of clock"]
    assert built.kept() == ["hoarder keeps SystemClock, made by clock"]
    assert kept_ports(built.container) == ["hoarder keeps clock: give it `<port>.provider`"]


def test_walk_tells_when_a_state_asked_the_container_while_it_was_made(tmp_path: Path) -> None:
    built = built_in(tmp_path, MEMORY, hoarder=asks_at_once)

    assert kept_ports(built.container) == []
    assert built.kept() == ["hoarder keeps SystemClock, made by clock"]


def test_walk_tells_when_a_door_keeps_what_it_asked_for(tmp_path: Path) -> None:
    built = built_in(tmp_path, MEMORY)
    built.app.state["clock"] = built.container.clock()

    assert built.kept() == ["the application keeps SystemClock, made by clock"]


def test_states_take_no_port_instance_when_the_container_is_read() -> None:
    assert kept_ports(Container()) == []


@pytest.mark.parametrize("environment", [MEMORY, EMBEDDED], ids=["memory", "embedded"])
def test_state_reaches_every_user_when_it_is_overridden_before_its_first_use(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    built = built_in(tmp_path, environment)
    in_use = {id(each) for each in built.in_use}
    names = [name for name, each in states(built.container).items() if id(each) in in_use]

    assert {"supervisor", "http_client", "key_ring", "stream_hub", "wake_bus"} <= set(names)
    assert [missed for name in names for missed in _missed(name, built.container)] == []


def _missed(name: str, container: containers.Container) -> list[str]:
    """Who does without the stand-in of a state, in a container like this one of which nothing was used."""
    state = container.providers[name]
    takers = [
        taker
        for taker, each in container.providers.items()
        if taker != name and not isinstance(each, GIVEN) and state in needs(each, through_states=False)
    ]
    one_for_all = build_container(container.settings())
    # A taker that was made for an earlier one has looked at the stand-in before: it gets a container of its own.
    return [
        f"{taker} misses {name}"
        for taker in takers
        if not _gets(taker, name, one_for_all, container)
        and not _gets(taker, name, build_container(container.settings()), container)
    ]


def _gets(taker: str, name: str, fresh: Container, container: containers.Container) -> bool:
    stand_in = Spied(container.providers[name]())
    with fresh.providers[name].override(providers.Object(stand_in)):
        return Reach(fresh.providers[taker]()).holds(stand_in) or stand_in.used


def test_settings_decide_anew_when_they_are_overridden_before_the_first_use(tmp_path: Path) -> None:
    container = build_container(settings_of(tmp_path))
    other = settings_of(tmp_path, DATABASE_URL="sqlite:///carillon.db", AUTH_ISSUER="somebody else")

    with container.settings.override(providers.Object(other)):
        assert isinstance(container.unit_of_work(), SqlUnitOfWork)
        assert container.token_signer().issue_subscriber_token("default", "ann", timedelta(hours=1))
    assert isinstance(container.unit_of_work(), MemoryUnitOfWork)
