"""Trees with names that say nothing, or the wrong thing."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.naming import (
    check_file_names,
    check_port_and_adapter_names,
    check_ports_say_their_contract,
    check_use_cases_are_named_verb_and_noun,
)

FILES = check_file_names
NAMES = check_port_and_adapter_names
CONTRACTS = check_ports_say_their_contract
USE_CASES = check_use_cases_are_named_verb_and_noun


def port(name: str, docstring: str = '"""Keeps values for a while."""') -> str:
    """A port of that name."""
    return f"from typing import Protocol\n\nclass {name}(Protocol):\n    {docstring or '...'}\n"


def use_case(name: str) -> str:
    """A use case of that name."""
    return f"class {name}:\n    async def __call__(self) -> None: ...\n"


CASES = [
    breaks(FILES, "app/http/utils.py", "", "name it after what is in it"),
    breaks(FILES, "infrastructure/common/redis.py", "", "`common`"),
    breaks(FILES, "tests/e2e/_helpers.py", "", "`_helpers`"),
    keeps(FILES, "app/http/base64_url.py", ""),
    breaks(NAMES, "application/ports/cache.py", port("ICache"), "name the role"),
    breaks(NAMES, "application/ports/cache.py", port("AbstractCache"), "AbstractCache"),
    breaks(NAMES, "application/inbox/ports.py", port("InboxService"), "InboxService"),
    breaks(NAMES, "infrastructure/cache/redis.py", "class BaseCache: ...\n", "technology + role"),
    breaks(NAMES, "infrastructure/cache/redis.py", "class CacheManager: ...\n", "CacheManager"),
    keeps(NAMES, "application/ports/ids.py", port("Ids"), application__ports__allow=port("IPAllowList")),
    breaks(CONTRACTS, "application/ports/cache.py", port("Cache", ""), "say the contract"),
    keeps(CONTRACTS, "application/ports/cache.py", port("Cache"), application__ports__part=port("_Part", "")),
    breaks(USE_CASES, "application/inbox/send.py", use_case("Send"), "verb + noun"),
    breaks(USE_CASES, "application/inbox/marking.py", use_case("MarkRead"), "move it to mark_read.py"),
    keeps(USE_CASES, "application/inbox/mark_read.py", use_case("MarkRead")),
    keeps(USE_CASES, "application/inbox/queries.py", use_case("ListItems") + use_case("CountItems")),
    keeps(USE_CASES, "application/ports/runner.py", use_case("Runner")),
]
