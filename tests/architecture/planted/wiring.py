"""Trees whose composition root or contract suites have holes."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.wiring import (
    check_ports_have_a_contract_suite,
    check_ports_have_two_adapters,
    check_use_cases_have_a_provider,
)

PROVIDER = check_use_cases_have_a_provider
ADAPTERS = check_ports_have_two_adapters
SUITE = check_ports_have_a_contract_suite

USE_CASE = "class MarkRead:\n    async def __call__(self) -> None: ...\n"
CONTAINER = """from dependency_injector import containers, providers
from application.inbox.mark_read import MarkRead

class Container(containers.DeclarativeContainer):
    {name} = providers.Factory(MarkRead)
"""
PORT = 'from typing import Protocol\n\nclass Cache(Protocol):\n    """Keeps values for a while."""\n'
ADAPTER = "from application.ports.cache import Cache\n\nclass {name}(Cache): ...\n"
IN_MEMORY, REDIS = ADAPTER.format(name="MemoryCache"), ADAPTER.format(name="RedisCache")

CASES = [
    breaks(
        PROVIDER, "application/inbox/mark_read.py", USE_CASE, "add `mark_read", container=CONTAINER.format(name="mark")
    ),
    keeps(PROVIDER, "application/inbox/mark_read.py", USE_CASE, container=CONTAINER.format(name="mark_read")),
    breaks(ADAPTERS, "application/ports/cache.py", PORT, "Cache has 1", infrastructure__cache__memory=IN_MEMORY),
    keeps(
        ADAPTERS,
        "application/ports/cache.py",
        PORT,
        infrastructure__cache__memory=IN_MEMORY,
        infrastructure__cache__redis=REDIS,
    ),
    keeps(ADAPTERS, "application/ports/cache.py", f"# One adapter: there is only one sun.\n{PORT}"),
    breaks(SUITE, "application/ports/cache.py", PORT, "write a suite"),
    keeps(
        SUITE,
        "application/ports/cache.py",
        PORT,
        tests__contracts__cache_contract="from application.ports.cache import Cache\n",
    ),
    keeps(SUITE, "application/ports/cache.py", f"# No contract suite: nothing to observe.\n{PORT}"),
]
