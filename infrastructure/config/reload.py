"""What a configuration that is read again changes in a process that runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from msgspec.structs import replace

from infrastructure.config.catalogue import catalogue
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.config.section import FieldPath, Section, SectionT
from infrastructure.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is written now against what holds: values by key that can be applied, and keys that wait for a restart."""

    live: Mapping[str, object]
    restart: tuple[str, ...]


def changes(holding: Settings, written: Settings) -> Changes:
    """`holding` is what was written when the process started, with what has been applied since."""
    changed = {
        key: _value(written, leaf.path)
        for key, leaf in catalogue().items()
        if _value(written, leaf.path) != _value(holding, leaf.path)
    }
    live = {key: value for key, value in changed.items() if catalogue()[key].key.live}
    restart = (*(key for key in changed if key not in live), *_providers(holding, written))
    return Changes(live=live, restart=restart)


def applied(settings: SectionT, live: Mapping[str, object]) -> SectionT:
    """The settings with other values for some keys."""
    for key, value in live.items():
        settings = _replaced(settings, catalogue()[key].path, value)
    return settings


def _value(settings: Settings, path: FieldPath) -> object:
    return reduce(getattr, path, settings)


def _replaced(section: SectionT, path: FieldPath, value: object) -> SectionT:
    name, *rest = path
    inner = getattr(section, name)
    return replace(section, **{name: _replaced(inner, tuple(rest), value) if isinstance(inner, Section) else value})


def _providers(holding: Settings, written: Settings) -> list[str]:
    """Providers that have keys of their own and are described otherwise now; those of SMTP_* are told by their keys."""
    before, after = _described(holding), _described(written)
    return [f"{prefix_of(name)}*" for name in before.keys() & after.keys() if before[name] != after[name]]


def _described(settings: Settings) -> Mapping[str, ProviderSettings]:
    every = (each for ours in settings.notification.providers.values() for each in ours)
    return {each.name: each for each in every if each.smtp is not settings.mail.smtp}
