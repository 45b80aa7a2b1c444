"""Secrets at rest that must be read again."""

from typing import Protocol

from domain.shared.errors import CarillonError


class SecretUnreadable(CarillonError):
    """A stored secret cannot be read"""


# One adapter: a box that does not encrypt would one day hold real secrets.
class SecretBox(Protocol):
    """Authenticated encryption for columns.

    `place` says where the text is stored, `table:column:row:tenant`, and is never empty: what was sealed for one place
    does not open in another, so that whoever can write rows cannot swap secrets between them.
    """

    def seal(self, plain: str, place: str) -> str:
        """Printable text that names its key; two calls never give the same text."""
        ...

    def open(self, sealed: str, place: str) -> str:
        """What was sealed for `place`, also by a previous key; raises `SecretUnreadable` for anything else."""
        ...

    def needs_reseal(self, sealed: str) -> bool:
        """Whether `sealed` is not under the current key, for the job that finishes a rotation."""
        ...
