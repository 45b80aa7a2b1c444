"""`python -m app audit verify`: the audit trail."""

import asyncio
import sys

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.lifespan import running
from application.audit.verify_audit import AuditVerdict
from container import Container


def audit(tenant_id: str) -> int:
    """Follow a tenant's chain of entries, beside a running installation or without one; 1 when it is broken."""
    container = build_container(read_settings())
    if container.settings().database.driver == "memory":
        sys.stderr.write("audit: a database in memory keeps nothing to verify\n")
        return 0
    verdict = asyncio.run(_verified(container, tenant_id))
    if verdict is None:
        sys.stderr.write("audit: the database has not this version's schema: python -m app db upgrade\n")
        return 1
    if verdict.fault is not None:
        place = f"entry {verdict.fault.position} of tenant {tenant_id}"
        sys.stderr.write(f"audit: {place} is {verdict.fault.flaw}; the {verdict.entries} before it are as they were\n")
        return 1
    sys.stdout.write(f"audit: {verdict.entries} entries of tenant {tenant_id}, all as they were sealed\n")
    return 0


async def _verified(container: Container, tenant_id: str) -> AuditVerdict | None:
    settings = container.settings()
    async with running(container.store_lifecycle(), log=container.log(), stop_timeout=settings.app.shutdown_timeout):
        if not await container.migrator().at_head():
            return None
        return await container.verify_audit()(tenant_id)
