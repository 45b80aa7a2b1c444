"""Reading the audit trail."""

from typing import Protocol

from domain.audit.chain import ChainHead, SealedEntry


class AuditReader(Protocol):
    """Reads of one tenant; entries that are not sealed yet are not seen."""

    async def head(self, tenant_id: str) -> ChainHead:
        """Where the chain ends, as the relay has noted it apart from the entries."""
        ...

    async def page(self, tenant_id: str, *, after: int, limit: int) -> list[SealedEntry]:
        """At most `limit` entries after a position, in order, as they are stored: nothing is checked."""
        ...
