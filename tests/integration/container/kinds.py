"""The providers of a container by their kind, and what each one is made of."""

from collections.abc import Iterable, Iterator
from typing import Any

from dependency_injector import containers, providers

Provider = providers.Provider[Any]  # Any: whatever it gives

GIVEN = (providers.Dependency, providers.Object, providers.Self)
LOOKS_INTO = (providers.ProvidedInstance, providers.AttributeGetter, providers.ItemGetter, providers.MethodCaller)


def is_state(provider: Provider) -> bool:
    """Made once and kept: singletons, what the container is given, and choices and lists of nothing else."""
    if isinstance(provider, providers.Selector):
        return all(is_state(each) for each in provider.providers.values())
    if isinstance(provider, providers.List):
        return all(is_state(each) for each in provider.args)
    return isinstance(provider, (*GIVEN, providers.BaseSingleton))


def states(container: containers.Container) -> dict[str, Provider]:
    """Everything that is made once, by name; not what the container was given."""
    return {name: each for name, each in container.providers.items() if is_state(each) and not isinstance(each, GIVEN)}


def ports_and_use_cases(container: containers.Container) -> dict[str, Provider]:
    """Everything that is made anew whenever it is asked for, by name."""
    return {name: each for name, each in container.providers.items() if not is_state(each)}


def makers(provider: Provider) -> Iterator[providers.Factory[object] | providers.BaseSingleton[object]]:
    """The factories and singletons behind a name: itself, or those that it chooses from."""
    for each in provider.providers.values() if isinstance(provider, providers.Selector) else [provider]:
        if isinstance(each, providers.Factory | providers.BaseSingleton):
            yield each


def chosen(provider: Provider) -> Provider:
    """What a selector answers with under the settings of its container; any other provider as it is."""
    while isinstance(provider, providers.Selector):
        assert provider.selector is not None, "a selector has something to select by"
        provider = provider.providers[str(provider.selector())]
    return provider


def needs(*roots: Provider, through_states: bool = True) -> list[Provider]:
    """The roots and all that they are made of, far down, under the settings of their container.

    What a selector did not choose is left out; what somebody only asks for later (`<port>.provider`) is in. Without
    `through_states` it ends at every singleton that is no root.
    """
    found: dict[int, Provider] = {}
    waiting = list(roots)
    while waiting:
        provider = waiting.pop()
        if id(provider) not in found:
            found[id(provider)] = provider
            ends = isinstance(provider, providers.BaseSingleton) and provider not in roots
            waiting += [] if ends and not through_states else _parts(provider)
    return list(found.values())


def rejected(container: containers.Container) -> list[Provider]:
    """Drivers that the settings did not choose, and whatever only they are made of."""
    every = container.providers.values()
    options = [
        option
        for each in every
        if isinstance(each, providers.Selector)
        for option in each.providers.values()
        if option is not chosen(each)
    ]
    lists = [each for each in every if isinstance(each, providers.List)]
    used = {id(each) for each in needs(*ports_and_use_cases(container).values(), *lists)}
    return [each for each in needs(*options) if id(each) not in used]


def unchosen(container: containers.Container) -> dict[str, Provider]:
    """Of those the states that have a name: clients that nobody needs."""
    idle = {id(each) for each in rejected(container)}
    return {name: each for name, each in states(container).items() if id(each) in idle}


def _parts(provider: Provider) -> Iterable[Provider]:
    if isinstance(provider, providers.Selector):
        return [chosen(provider), *(each for each in [provider.selector] if isinstance(each, providers.Provider))]
    return provider.related


def kept_ports(container: containers.Container) -> list[str]:
    """Where a state takes a port instance, which an override would never reach; empty in a sound container.

    A state takes settings, other state and `<port>.provider`. What has no name of its own (a list, a bundle of
    providers) is judged by what is in it.
    """
    names = {id(each): name for name, each in container.providers.items()}
    return [
        f"{name} keeps {names.get(id(held), type(held).__name__)}: give it `<port>.provider`"
        for name, provider in states(container).items()
        for maker in makers(provider)
        for held in _kept(maker, names)
    ]


def _kept(maker: Provider, names: dict[int, str]) -> Iterator[Provider]:
    for part in map(_source, _arguments(maker)):
        if isinstance(part, providers.Delegate) or is_state(part):
            continue
        if id(part) in names:
            yield part
        else:
            yield from _kept(part, names)


def _source(provider: Provider) -> Provider:
    """Whose attribute or item it is; itself where it is none."""
    return _source(provider.provides) if isinstance(provider, LOOKS_INTO) and provider.provides else provider


def _arguments(provider: Provider) -> list[Provider]:
    """What is injected into a provider, as far as it is a provider itself."""
    if isinstance(provider, providers.Selector):
        return list(provider.providers.values())
    given = [*getattr(provider, "args", ()), *dict(getattr(provider, "kwargs", {})).values()]
    return [each for each in given if isinstance(each, providers.Provider)]
