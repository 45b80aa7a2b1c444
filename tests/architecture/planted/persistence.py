"""Trees that commit in the wrong place or forget the tenant."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.persistence import (
    check_only_the_unit_of_work_commits,
    check_repositories_take_a_tenant,
    check_system_ports_take_a_scope,
)

COMMIT = check_only_the_unit_of_work_commits
TENANT = check_repositories_take_a_tenant
SCOPE = check_system_ports_take_a_scope

COMMITS = """from sqlalchemy.ext.asyncio import AsyncSession

async def end(session: AsyncSession) -> None:
    await session.commit()
"""
ITEM = "class InboxItem:\n    tenant_id: str\n"


def port(name: str, signature: str, imports: str = "") -> str:
    """A port with one method."""
    return f"""from typing import Protocol
{imports}

class {name}(Protocol):
    async def find({signature}) -> None: ...
"""


CASES = [
    breaks(COMMIT, "infrastructure/database/repositories/inbox.py", COMMITS, "session.commit()"),
    breaks(
        COMMIT,
        "app/http/inbox/controller.py",
        "async def mark(work) -> None:\n    await work.commit()\n",
        "the use case calls",
    ),
    keeps(COMMIT, "infrastructure/database/unit_of_work.py", COMMITS),
    keeps(
        COMMIT,
        "infrastructure/message_broker/kafka.py",
        "async def end(consumer) -> None:\n    await consumer.commit()\n",
    ),
    keeps(
        COMMIT,
        "application/inbox/mark_read.py",
        "async def mark(unit_of_work) -> None:\n    await unit_of_work.commit()\n",
    ),
    breaks(TENANT, "application/ports/items.py", port("ItemRepository", "self, key: str"), "tenant_id"),
    breaks(TENANT, "application/inbox/ports.py", port("ItemReader", "self, key: str"), "ItemReader.find"),
    keeps(TENANT, "application/ports/items.py", port("ItemRepository", "self, tenant_id: str, key: str")),
    keeps(
        TENANT,
        "application/ports/items.py",
        port("ItemRepository", "self, items: list[InboxItem]", "from domain.inbox.item import InboxItem"),
        domain__inbox__item=ITEM,
    ),
    breaks(SCOPE, "application/ports/job_store.py", port("JobStore", "self, limit: int"), "SystemScope"),
    keeps(SCOPE, "application/ports/job_store.py", port("JobStore", "self, scope: SystemScope, limit: int")),
    breaks(SCOPE, "application/ports/items.py", port("ItemReader", "self, scope: SystemScope"), "take a `tenant_id`"),
    keeps(
        TENANT, "application/ports/tickets.py", port("TicketRepository", "self, digest: str").replace("find", "redeem")
    ),
]
