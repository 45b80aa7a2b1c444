"""Normal forms of what a person is reached by."""

import re
from collections.abc import Callable
from typing import Final
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from application.ports.contact_points import ContactPoints

# Names of private networks and of tests (RFC 2606, RFC 6762). The library refuses them, but an installation's own relay
# may know them: below a public name they are judged by their form.
_PRIVATE: Final = (".test", ".local", ".localhost", "@localhost", ".invalid")
_PUBLIC: Final = ".com"
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_PHONE_PUNCTUATION: Final = str.maketrans("", "", " -.()/")
_LOCALE: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|[0-9]{3}))?",
    re.ASCII | re.IGNORECASE,
)


class LocalContactPoints(ContactPoints):
    """See the port. `url_problem` says why an URL may not be called, or None."""

    def __init__(self, url_problem: Callable[[str], str | None]) -> None:
        self._url_problem = url_problem

    def email(self, text: str) -> str | None:
        if "=?" in text:  # An RFC 2047 encoded word: some mail libraries decode one inside a header into a line break.
            return None
        suffix = _PUBLIC if text.lower().endswith(_PRIVATE) else ""
        try:
            found = validate_email(text + suffix, check_deliverability=False, allow_quoted_local=False)
        except EmailNotValidError:
            return None
        return found.normalized.removesuffix(suffix)

    def phone(self, text: str) -> str | None:
        compact = text.translate(_PHONE_PUNCTUATION)
        return compact if _E164.fullmatch(compact) else None

    def locale(self, text: str) -> str | None:
        match = _LOCALE.fullmatch(text)
        if match is None:
            return None
        language, script, region = match["language"], match["script"], match["region"]
        parts = (language.lower(), script.title() if script else None, region.upper() if region else None)
        return "-".join(part for part in parts if part)

    def timezone(self, text: str) -> str | None:
        return text if text in available_timezones() else None

    def webhook_url(self, text: str) -> str | None:
        return text if self._url_problem(text) is None else None
