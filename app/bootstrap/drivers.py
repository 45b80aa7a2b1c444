"""Drivers that other packages bring, without a line changed here.

A package names its driver in the entry-point group `carillon.drivers`:

    [project.entry-points."carillon.drivers"]
    pigeon = "carillon_pigeon:providers_of"

and has a function that is given the container and answers with a provider for each selector the driver serves:

    def providers_of(container):
        broker = providers.Singleton(pigeon_broker, container.wake_bus)
        return {"task_broker": broker, "wake_listener": providers.Singleton(WakeListener, broker, …)}

It is called when the settings choose `pigeon` for something that has no driver of that name here. What is installed
and not chosen is never imported. How to write one: `infrastructure/README.md`.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from typing import Any

from dependency_injector import providers

from app.bootstrap.entry_points import GROUP, entries_of
from container import Container
from infrastructure.config.problems import ConfigurationError, Problem

# Any: whatever the port is.
Brought = Mapping[str, providers.Provider[Any]]
Driver = Callable[[Container], Brought]


def add_drivers(container: Container) -> None:
    """Extend the selectors of this container by the drivers that its settings choose and other packages bring.

    Raises ConfigurationError when nobody brings one, when two packages do, and when what is brought does not fit.
    """
    for driver in dict.fromkeys(_missing(container).values()):
        entry = _entry(driver)
        for name, provider in _brought(entry, container).items():
            selector = _selectors(container)[name]
            selector.set_providers(**{**selector.providers, driver: provider})
        lacking = [name for name, missing in _missing(container).items() if missing == driver]
        if lacking:
            raise _refused(entry, f"brings nothing for {', '.join(lacking)}")


def _selectors(container: Container) -> dict[str, providers.Selector[Any]]:
    return {name: each for name, each in container.providers.items() if isinstance(each, providers.Selector)}


def _missing(container: Container) -> dict[str, str]:
    """The driver that is chosen and not there, by selector."""
    selectors = _selectors(container)
    choices = {name: str(each.selector()) for name, each in selectors.items() if each.selector}
    return {name: driver for name, driver in choices.items() if driver not in selectors[name].providers}


def _entry(driver: str) -> EntryPoint:
    found = entries_of(driver)
    if len(found) != 1:
        packages = " and ".join(sorted(_package(entry) for entry in found))
        message = f"is brought by {packages}: remove one" if found else f"is brought by no package ({GROUP})"
        raise ConfigurationError([Problem(keys=(f"the driver {driver}",), message=message)])
    return found[0]


def _brought(entry: EntryPoint, container: Container) -> Brought:
    try:
        load: Driver = entry.load()
        brought = dict(load(container))
    except Exception as error:
        raise _refused(entry, f"cannot be had: {type(error).__name__}: {error}") from error
    selectors = _selectors(container)
    for name, provider in brought.items():
        if name not in selectors:
            raise _refused(entry, f"brings {name}, for which there is no choice of drivers")
        if entry.name in selectors[name].providers:
            raise _refused(entry, f"brings {name}, for which there is a driver of this name already")
        if not isinstance(provider, providers.Provider):
            raise _refused(entry, f"brings {name}, which is no provider")
    return brought


def _refused(entry: EntryPoint, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(keys=(f"the driver {entry.name} of {_package(entry)}",), message=message)])


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "a package"
