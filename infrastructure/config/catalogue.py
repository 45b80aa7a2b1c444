"""Every key there is: those of `Settings`, and those of the providers that a configuration names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, reduce

from infrastructure.config import drivers
from infrastructure.config.drivers import Drivers
from infrastructure.config.provider import NAMESPACE, ProviderSettings, prefix_of
from infrastructure.config.provider_drivers import PROVIDER_DRIVERS
from infrastructure.config.section import Leaf, Section, leaves
from infrastructure.config.settings import Settings

ENV_KEY = "APP_ENV"
PROVIDERS_KEY = "NOTIFY_EMAIL_PROVIDERS"
PROVIDERS_KEYS: Mapping[str, str] = {
    "email": PROVIDERS_KEY,
    "sms": "NOTIFY_SMS_PROVIDERS",
    "push": "NOTIFY_PUSH_PROVIDERS",
    "chat": "NOTIFY_CHAT_PROVIDERS",
}
DRIVERS: Mapping[str, Drivers] = {
    "email": drivers.MAIL,
    "sms": drivers.SMS,
    "push": drivers.PUSH,
    "chat": drivers.CHAT,
}
OPTIONS = "options"


@cache
def catalogue() -> Mapping[str, Leaf]:
    """Leaves of `Settings` by key, in the order of the documentation."""
    return {leaf.key.name: leaf for leaf in leaves(Settings)}


@cache
def provider_fields() -> Mapping[str, Leaf]:
    """Leaves that some provider has by the last part of their key (`HOST`); of two the one that hides more."""
    kinds: list[type[Section]] = [driver.options for driver in PROVIDER_DRIVERS.values() if driver.options]
    found = [*leaves(ProviderSettings), *(leaf for kind in kinds for leaf in leaves(kind))]
    return {leaf.key.name: leaf for leaf in sorted(found, key=lambda leaf: leaf.key.secret)}


def provider_leaves(names: Iterable[str], driver: str = "smtp") -> Mapping[str, Leaf]:
    """Leaves of the providers named, by full key (`PROVIDER__SMTP_A__HOST`); their paths start in the provider."""
    return {leaf.key.name: leaf for name in names for leaf in (driver_leaf(name, driver), *option_leaves(name, driver))}


def driver_leaf(name: str, driver: str = "smtp", channel: str | None = None) -> Leaf:
    """Of the key that says what the provider is; one that is named after a driver of its channel is that."""
    channel = channel or PROVIDER_DRIVERS[driver].channel
    leaf = next(leaf for leaf in leaves(ProviderSettings, prefix=prefix_of(name)) if leaf.path == ("driver",))
    known = DRIVERS[channel]
    named_after = name if name in known.served else None
    return replace(leaf, key=replace(leaf.key, parse=known, expects=known.names, default=named_after))


def option_leaves(name: str, driver: str) -> Iterator[Leaf]:
    """Of all other keys of the provider; none for a driver that has none or does not exist."""
    prefix = prefix_of(name)
    if driver == "smtp":
        yield from (leaf for leaf in leaves(ProviderSettings, prefix=prefix) if leaf.path != ("driver",))
    kind = options_of(driver)
    if kind is not None:
        yield from (replace(leaf, path=(OPTIONS, *leaf.path)) for leaf in leaves(kind, prefix=prefix))


def options_of(driver: str) -> type[Section] | None:
    """What a driver is told; None when it has nothing of its own or does not exist."""
    return PROVIDER_DRIVERS[driver].options if driver in PROVIDER_DRIVERS else None


def section_of(key: str) -> str:
    """The section of `Settings` that a known key shapes; providers by name belong to the channels."""
    leaf = catalogue().get(key)
    return leaf.path[0] if leaf else "notification"


def foreign_drivers(settings: Settings) -> set[str]:
    """The chosen drivers that this version does not serve itself: other packages bring them."""
    known = {leaf.path: leaf.key.parse for leaf in catalogue().values() if isinstance(leaf.key.parse, Drivers)}
    chosen = [(str(reduce(getattr, path, settings)), choice.served) for path, choice in known.items()]
    return {name for name, served in chosen if name not in served}


def is_known(key: str) -> bool:
    """True for a key of `Settings` and for one that some provider could have."""
    if not key.startswith(NAMESPACE):
        return key in catalogue()
    name, separator, field = key.removeprefix(NAMESPACE).partition("__")
    return bool(name and separator) and field in provider_fields()
