"""The providers of each channel in order, from `NOTIFY_<CHANNEL>_PROVIDERS` or, for e-mail, from `MAIL_DRIVER`."""

from collections.abc import Iterator, Mapping, Set

from infrastructure.config.catalogue import (
    DRIVERS,
    OPTIONS,
    PROVIDERS_KEYS,
    driver_leaf,
    option_leaves,
    options_of,
)
from infrastructure.config.draft import Draft
from infrastructure.config.mail import MailSettings
from infrastructure.config.problems import Problem
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.config.section import Leaf, assemble

# What the keys of the provider begin with that MAIL_DRIVER describes.
BUILT_IN = "SMTP_"


def keys_of(provider: ProviderSettings, given: Set[str]) -> str:
    """What the keys that describe a provider begin with."""
    return BUILT_IN if _is_built_in(provider.name, given) else prefix_of(provider.name)


def named_providers(draft: Draft) -> Mapping[str, tuple[str, ...]]:
    """Their names by channel; without any, e-mail has the one of MAIL_DRIVER."""
    named = {channel: draft.value(key, tuple) for channel, key in PROVIDERS_KEYS.items()}
    return {**named, "email": named["email"] or (draft.value("MAIL_DRIVER", str),)}


def driver_leaves(draft: Draft, given: Set[str]) -> Mapping[str, Leaf]:
    """Of the keys that say what each named provider is."""
    named = [(channel, name) for channel, names in named_providers(draft).items() for name in names]
    found = [driver_leaf(name, channel=channel) for channel, name in named if not _is_built_in(name, given)]
    return {leaf.key.name: leaf for leaf in found}


def named_option_leaves(draft: Draft, given: Set[str]) -> Mapping[str, Leaf]:
    """Of all other keys of the named providers, once the draft knows what each of them is."""
    names = [name for names in named_providers(draft).values() for name in names if not _is_built_in(name, given)]
    found = [leaf for name in names for leaf in option_leaves(name, _driver(draft, name))]
    return {leaf.key.name: leaf for leaf in found}


def providers(draft: Draft, mail: MailSettings, given: Set[str]) -> Mapping[str, tuple[ProviderSettings, ...]]:
    """One provider per name; the bare names `smtp`, `file` and `console` stand for those of MAIL_DRIVER's keys."""
    return {
        f"{channel}_providers": tuple(
            _provider(name, draft, mail, given) for name in names if not _lacks_driver(channel, name, given)
        )
        for channel, names in named_providers(draft).items()
    }


def undescribed(draft: Draft, given: Set[str]) -> Iterator[Problem]:
    """Providers that are to be used and that nothing describes, or that two channels mean to have."""
    seen: dict[str, str] = {}
    for channel, names in named_providers(draft).items():
        for name in names:
            if _lacks_driver(channel, name, given):
                key = f"{prefix_of(name)}DRIVER"
                message = f"is required, since {PROVIDERS_KEYS[channel]} names {name}"
                yield Problem(keys=(key, PROVIDERS_KEYS[channel]), message=message)
            first = seen.setdefault(prefix_of(name), channel)
            if first != channel and name != "console":
                message = f"names {name}, as {PROVIDERS_KEYS[first]} does: a provider belongs to one channel"
                yield Problem(keys=(PROVIDERS_KEYS[channel], PROVIDERS_KEYS[first]), message=message)


def _lacks_driver(channel: str, name: str, given: Set[str]) -> bool:
    return name not in DRIVERS[channel].served and f"{prefix_of(name)}DRIVER" not in given


def _is_built_in(name: str, given: Set[str]) -> bool:
    """True for the bare names that need no keys of their own, or have theirs elsewhere."""
    return name in ("smtp", "file", "console") and not any(key.startswith(prefix_of(name)) for key in given)


def _driver(draft: Draft, name: str) -> str:
    return draft.value(f"{prefix_of(name)}DRIVER", str)


def _provider(name: str, draft: Draft, mail: MailSettings, given: Set[str]) -> ProviderSettings:
    if _is_built_in(name, given):
        return ProviderSettings(name=name, driver=name, smtp=mail.smtp)
    driver = _driver(draft, name)
    values = draft.by_path({leaf.key.name: leaf for leaf in option_leaves(name, driver)})
    kind = options_of(driver)
    if kind is not None:
        values = {(OPTIONS,): assemble(kind, {path[1:]: value for path, value in values.items()})}
    return assemble(ProviderSettings, {("name",): name, ("driver",): driver, **values})
