"""Normalising what a person is reached by."""

# One adapter: what a valid address looks like depends on standards, not on drivers.

from typing import Protocol


class ContactPoints(Protocol):
    """Each method returns the normal form, or None for what cannot be one. Nothing is looked up on the network."""

    def email(self, text: str) -> str | None:
        """An e-mail address (RFC 5321, with IDN and quoted local parts refused or normalised), ≤ 254 characters."""
        ...

    def phone(self, text: str) -> str | None:
        """A phone number in E.164: `+` and 7 to 15 digits."""
        ...

    def locale(self, text: str) -> str | None:
        """A BCP 47 language tag in its usual case (`de-AT`)."""
        ...

    def timezone(self, text: str) -> str | None:
        """An IANA zone name."""
        ...

    def webhook_url(self, text: str) -> str | None:
        """An http(s) URL that is not literally a refused address; names are judged when they are connected to."""
        ...
