"""Every key there is: those of `Settings`, and those of the providers that a configuration names."""

from collections.abc import Iterable, Mapping
from functools import cache, reduce

from infrastructure.config.drivers import Drivers
from infrastructure.config.provider import NAMESPACE, ProviderSettings, prefix_of
from infrastructure.config.section import Leaf, leaves
from infrastructure.config.settings import Settings

ENV_KEY = "APP_ENV"
PROVIDERS_KEY = "NOTIFY_EMAIL_PROVIDERS"


@cache
def catalogue() -> Mapping[str, Leaf]:
    """Leaves of `Settings` by key, in the order of the documentation."""
    return {leaf.key.name: leaf for leaf in leaves(Settings)}


@cache
def provider_fields() -> Mapping[str, Leaf]:
    """Leaves of a provider by the last part of their key (`HOST`)."""
    return {leaf.key.name: leaf for leaf in leaves(ProviderSettings)}


def provider_leaves(names: Iterable[str]) -> Mapping[str, Leaf]:
    """Leaves of the providers named, by full key (`PROVIDER__SMTP_A__HOST`); their paths start in the provider."""
    return {leaf.key.name: leaf for name in names for leaf in leaves(ProviderSettings, prefix=prefix_of(name))}


def section_of(key: str) -> str:
    """The section of `Settings` that a known key shapes; providers by name belong to the channels."""
    leaf = catalogue().get(key)
    return leaf.path[0] if leaf else "notification"


def foreign_drivers(settings: Settings) -> set[str]:
    """The chosen drivers that this version does not serve itself: other packages bring them."""
    known = {leaf.path: leaf.key.parse for leaf in catalogue().values() if isinstance(leaf.key.parse, Drivers)}
    chosen = [(str(reduce(getattr, path, settings)), drivers.served) for path, drivers in known.items()]
    return {name for name, served in chosen if name not in served}


def is_known(key: str) -> bool:
    """True for a key of `Settings` and for one that some provider could have."""
    if not key.startswith(NAMESPACE):
        return key in catalogue()
    name, separator, field = key.removeprefix(NAMESPACE).partition("__")
    return bool(name and separator) and field in provider_fields()
