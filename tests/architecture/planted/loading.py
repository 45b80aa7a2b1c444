"""Trees whose modules do something when they are imported."""

from tests.architecture.planted.case import breaks, keeps
from tests.architecture.rules.loading import check_importing_has_no_side_effects, check_modules_hold_no_state

EFFECTS = check_importing_has_no_side_effects
STATE = check_modules_hold_no_state

LIMIT = """from dataclasses import dataclass

@dataclass(frozen=True)
class Limit:
    per_second: int
"""
CLOCK = """from dataclasses import dataclass
from application.ports.clock import Clock

@dataclass(frozen=True)
class SystemClock(Clock):
    zone: str = "UTC"

CLOCK = SystemClock()
"""
STRUCTS = """import msgspec

class Section(msgspec.Struct, frozen=True): ...
class SmtpSettings(Section): ...
class MailSettings(Section):
    smtp: SmtpSettings = SmtpSettings()
"""
COMPUTED = """def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names))

NAMES = _sorted({"b", "a"})
"""
COMPUTED_BY_READING = """def _page() -> str:
    return open("page.html").read()

PAGE = _page()
"""
TABLES = """import sqlalchemy as sa
ROWS = sa.Table("rows", sa.MetaData())
ALL = sa.select(ROWS).where(ROWS.c.id == 1)
"""
CONTAINER = """from dependency_injector import containers, providers

def driver(name): ...

class Container(containers.DeclarativeContainer):
    clock = providers.Factory(driver("a:B"))
"""

CASES = [
    breaks(
        EFFECTS,
        "infrastructure/cache/redis.py",
        "from redis.asyncio import Redis\nCLIENT = Redis()\n",
        "Redis() is called on import",
    ),
    breaks(
        EFFECTS,
        "infrastructure/database/engine.py",
        "from sqlalchemy.ext.asyncio import create_async_engine\nENGINE = create_async_engine('sqlite://')\n",
        "create_async_engine() is called on import",
    ),
    breaks(
        EFFECTS,
        "app/http/factory.py",
        "from litestar import Litestar\napp = Litestar([])\n",
        "Litestar() is called",
    ),
    breaks(EFFECTS, "app/bootstrap/log.py", "import logging\nlogging.basicConfig()\n", "runs on import"),
    breaks(
        EFFECTS, "app/http/page.py", "from pathlib import Path\nPAGE = Path('page.html').read_text()\n", "read_text"
    ),
    breaks(EFFECTS, "app/http/page.py", "PAGE = open('page.html')\n", "open()"),
    breaks(EFFECTS, "infrastructure/templates/page.py", COMPUTED_BY_READING, "container.py or the lifespan"),
    keeps(EFFECTS, "infrastructure/templates/names.py", COMPUTED),
    keeps(EFFECTS, "infrastructure/config/mail.py", STRUCTS),
    breaks(EFFECTS, "infrastructure/system/clock.py", CLOCK, "SystemClock()"),
    breaks(EFFECTS, "infrastructure/queue/file.py", "class FileWakeUps:\n    handle = open('x')\n", "open()"),
    breaks(
        EFFECTS,
        "infrastructure/queue/tasks.py",
        "for name in ('a', 'b'):\n    print(name)\n",
        "for block runs on import",
    ),
    breaks(
        EFFECTS,
        "infrastructure/queue/wake.py",
        "try:\n    import nats\nexcept ImportError:\n    print('none')\n",
        "print('none')",
    ),
    keeps(EFFECTS, "domain/shared/limit.py", f"{LIMIT}\nDEFAULT = Limit(per_second=20)\n"),
    keeps(
        EFFECTS,
        "app/http/limits.py",
        "from domain.shared.limit import Limit\nANONYMOUS = Limit(1)\n",
        domain__shared__limit=LIMIT,
    ),
    keeps(
        EFFECTS,
        "app/http/names.py",
        "import re\nNAME = re.compile('a')\nALL = frozenset({'a'})\nUPPER = [n.upper() for n in ALL]\n",
    ),
    keeps(EFFECTS, "app/http/ids.py", "from typing import NewType\nTenantId = NewType('TenantId', str)\n"),
    keeps(EFFECTS, "app/http/late.py", "LATE = lambda: open('x')\n"),
    keeps(EFFECTS, "app/cli/keys.py", "def main() -> None: ...\n\nif __name__ == '__main__':\n    main()\n"),
    keeps(EFFECTS, "infrastructure/database/tables.py", TABLES),
    keeps(EFFECTS, "container.py", CONTAINER),
    keeps(
        EFFECTS, "infrastructure/database/migrations/env.py", "from alembic import context\ncontext.run_migrations()\n"
    ),
    breaks(STATE, "infrastructure/cache/memory.py", "ENTRIES: dict[str, str] = {}\n", "Singleton provider"),
    breaks(STATE, "application/jobs/registry.py", "HANDLERS = []\n", "module-level state"),
    breaks(STATE, "app/sse/streams.py", "from weakref import WeakSet\nOPEN = WeakSet()\n", "module-level state"),
    keeps(STATE, "app/http/errors.py", "STATUS = {'a': 404}\n\nclass Page:\n    items: list[str] = []\n"),
]
