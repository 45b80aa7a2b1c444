"""A provider by name, so that a channel can fail over from one to the next."""

import re
from typing import Annotated

from msgspec import field

from infrastructure.config import drivers
from infrastructure.config.mail import SmtpSettings
from infrastructure.config.parsers import words
from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import Section, key, nested

NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
NAMESPACE = "PROVIDER__"


class ProviderSettings(Section, frozen=True, kw_only=True):
    """One provider of a channel; `smtp` counts for the smtp driver alone, `options` are those of the other drivers."""

    name: str
    driver: Annotated[
        str,
        key("DRIVER", "What the provider is.", parse=drivers.MAIL, expects=drivers.MAIL.names),
    ]
    smtp: Annotated[SmtpSettings, nested("")] = field(default_factory=SmtpSettings)
    options: Section | None = None


def provider_names(text: str) -> tuple[str, ...]:
    """`smtp-a,smtp-b` in the order in which they are tried."""
    names = words(text)
    if not all(NAME.fullmatch(name) for name in names):
        raise Unacceptable("must be names of up to 40 lower-case letters, digits and hyphens, separated by commas")
    if len(set(names)) < len(names):
        raise Unacceptable("names a provider twice: a round tries each one once")
    return names


def prefix_of(name: str) -> str:
    """`smtp-a` → `PROVIDER__SMTP_A__`."""
    return f"{NAMESPACE}{name.upper().replace('-', '_')}__"
