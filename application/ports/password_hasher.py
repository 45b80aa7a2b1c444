"""Passwords at rest."""

from typing import Protocol


# One adapter: its costs are arguments, so tests use the real one, cheaply.
class PasswordHasher(Protocol):
    """Hashes passwords slowly, away from the event loop, and never more than a bounded number at once.

    Passwords that `domain.identity.password` refuses raise `PasswordNotAllowed` before anything is hashed.
    When too many are waiting, `Unavailable` is raised at once with `retry_after`.
    """

    async def hash(self, password: str) -> str:
        """A self-describing hash with its own salt, at today's cost."""
        ...

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether `password` made `hashed`.

        None stands for an unknown user: a dummy of the same cost is verified, so that an answer takes as long for a
        name that does not exist, and is False. Text that is no hash is False, too.
        """
        ...

    def needs_rehash(self, hashed: str) -> bool:
        """Whether `hashed` was made at another cost than today's. Cheap; ask after a successful `verify`."""
        ...
