"""Forgetting what has served its time."""

from typing import Protocol

from application.shared.system_scope import SystemScope


class Retention(Protocol):
    """System-scoped; each call deletes at most `limit` rows by the store's clock and returns how many."""

    async def forget_idempotency_records(self, scope: SystemScope, limit: int) -> int:
        """Those older than 24 h."""
        ...

    async def forget_tickets(self, scope: SystemScope, limit: int) -> int:
        """Those that can no longer be redeemed."""
        ...

    async def forget_jobs(
        self, scope: SystemScope, *, succeeded_seconds: float, dead_seconds: float, limit: int
    ) -> int:
        """Finished jobs older than this; cancelled ones go with the succeeded."""
        ...

    async def trim_streams(self, scope: SystemScope, *, keep: int, seconds: float, limit: int) -> int:
        """Stream updates older than this, or beyond the newest `keep` of their stream."""
        ...

    async def forget_events(self, scope: SystemScope, *, seconds: float, limit: int) -> int:
        """Sealed events older than this that every consumer has seen."""
        ...
