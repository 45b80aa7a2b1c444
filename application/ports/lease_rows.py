"""Locks between processes: rows with a deadline and a fencing token."""

from typing import Protocol

from application.shared.system_scope import SystemScope


class LeaseRows(Protocol):
    """Named leases (`relay`, `scheduler`) held by one worker at a time, by the store's clock."""

    async def acquire(self, scope: SystemScope, name: str, seconds: float) -> int | None:
        """Take, or prolong as its holder, a named lease. Returns the fencing token, which grows with each new holder;
        None while somebody else holds it.
        """
        ...

    async def release(self, scope: SystemScope, name: str, token: int) -> None:
        """Let go of it; does nothing when it is not ours any more."""
        ...
