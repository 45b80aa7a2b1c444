"""The providers of the e-mail channel in their order, from `NOTIFY_EMAIL_PROVIDERS` or from `MAIL_DRIVER`."""

from collections.abc import Iterator, Set

from infrastructure.config.catalogue import PROVIDERS_KEY, provider_leaves
from infrastructure.config.draft import Draft
from infrastructure.config.drivers import MAIL
from infrastructure.config.mail import MailSettings
from infrastructure.config.problems import Problem
from infrastructure.config.provider import ProviderSettings, prefix_of
from infrastructure.config.section import assemble

# What the keys of the provider begin with that MAIL_DRIVER describes.
BUILT_IN = "SMTP_"


def keys_of(provider: ProviderSettings, given: Set[str]) -> str:
    """What the keys that describe a provider begin with."""
    return prefix_of(provider.name) if is_described(provider.name, given) else BUILT_IN


def email_providers(draft: Draft, mail: MailSettings, given: Set[str]) -> tuple[ProviderSettings, ...]:
    """One provider per name; a bare name of a driver (`smtp`, `file`, `console`) is the one of MAIL_DRIVER's keys."""
    names = draft.value(PROVIDERS_KEY, tuple) or (mail.driver,)
    return tuple(_provider(name, draft, mail, given) for name in names if not _lacks_driver(name, given))


def undescribed(names: tuple[str, ...], given: Set[str]) -> Iterator[Problem]:
    """Providers that are to be used and that nothing describes."""
    for name in names:
        if _lacks_driver(name, given):
            key = f"{prefix_of(name)}DRIVER"
            yield Problem(keys=(key, PROVIDERS_KEY), message=f"is required, since {PROVIDERS_KEY} names {name}")


def _lacks_driver(name: str, given: Set[str]) -> bool:
    named_after_driver = name in MAIL.served and not is_described(name, given)
    return not named_after_driver and f"{prefix_of(name)}DRIVER" not in given


def is_described(name: str, given: Set[str]) -> bool:
    """True when the provider has keys of its own."""
    return any(key.startswith(prefix_of(name)) for key in given)


def _provider(name: str, draft: Draft, mail: MailSettings, given: Set[str]) -> ProviderSettings:
    if not is_described(name, given):
        return ProviderSettings(name=name, driver=name, smtp=mail.smtp)
    values = draft.by_path(provider_leaves([name]))
    return assemble(ProviderSettings, {("name",): name, **values})
