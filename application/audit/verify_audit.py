"""Proving that nobody has touched the audit trail."""

from dataclasses import dataclass

from application.audit.ports import AuditReader
from domain.audit.chain import ChainHead, Fault, fault_at_end, follow

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """How many entries are as they were sealed, and the first one that is not."""

    entries: int
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAudit:
    """Follow the chain of a tenant from its first entry to its end.

    - Finds what was changed, taken out, put in or moved, and entries missing at the end.
    - Does not find a chain that somebody has made anew from some place on, digests and head included: keep a head
      elsewhere to compare with.
    """

    audit: AuditReader

    async def __call__(self, tenant_id: str) -> AuditVerdict:
        followed = ChainHead()
        while True:
            # The head first: what is sealed while this reads comes after it.
            head = await self.audit.head(tenant_id)
            page = await self.audit.page(tenant_id, after=followed.position, limit=PAGE)
            followed, fault = follow(followed, page)
            if fault is None and not page:
                fault = fault_at_end(followed, head)
            if fault is not None or not page:
                return AuditVerdict(entries=followed.position, fault=fault)
