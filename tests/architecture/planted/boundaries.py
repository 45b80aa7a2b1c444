"""Trees that break the rules about what may be reached from where."""

from tests.architecture.planted.case import Case, breaks, keeps
from tests.architecture.rules.boundaries import (
    check_annotations_exist_at_run_time,
    check_core_imports_standard_library_only,
    check_domain_is_pure,
    check_environment_is_read_in_config_only,
    check_folders_are_packages,
    check_nothing_is_pickled,
    check_product_does_not_know_tests,
    check_time_and_ids_come_through_ports,
)

ENVIRONMENT = check_environment_is_read_in_config_only
TIME = check_time_and_ids_come_through_ports
CORE = check_core_imports_standard_library_only
PURE = check_domain_is_pure
PICKLE = check_nothing_is_pickled
ANNOTATIONS = check_annotations_exist_at_run_time
TESTS = check_product_does_not_know_tests
PACKAGES = check_folders_are_packages

CASES = [
    breaks(
        ENVIRONMENT,
        "app/http/factory.py",
        "import os\n\ndef port() -> str:\n    return os.environ['PORT']\n",
        "os.environ",
    ),
    breaks(ENVIRONMENT, "infrastructure/cache/redis.py", "from os import getenv\n", "os.getenv"),
    breaks(
        ENVIRONMENT,
        "container.py",
        "import os as system\nHOME = system.getenv('HOME')\n",
        "take the value as a setting",
    ),
    keeps(
        ENVIRONMENT,
        "infrastructure/config/loader.py",
        "import os\n\ndef read() -> str:\n    return os.environ['PORT']\n",
    ),
    breaks(TIME, "application/inbox/mark_read.py", "from datetime import datetime\nNOW = datetime.now\n", "Clock port"),
    breaks(TIME, "domain/inbox/item.py", "import datetime as dt\nNOW = dt.datetime.utcnow()\n", "datetime.utcnow"),
    breaks(
        TIME,
        "infrastructure/cache/memory.py",
        "import time\n\ndef now() -> float:\n    return time.time()\n",
        "time.time",
    ),
    breaks(TIME, "app/http/auth.py", "from uuid import uuid4\n", "Ids port"),
    breaks(TIME, "infrastructure/database/rows.py", "import uuid_utils.compat as ids\nNEW = ids.uuid7\n", "uuid7"),
    breaks(TIME, "infrastructure/streams/hub.py", "import random\n", "Jitter port"),
    breaks(TIME, "application/identity/new_key.py", "from secrets import token_bytes\n", "infrastructure/security"),
    breaks(TIME, "app/sse/tickets.py", "import os\nSEED = os.urandom\n", "os.urandom"),
    keeps(TIME, "infrastructure/system/clock.py", "from datetime import UTC, datetime\nNOW = datetime.now(UTC)\n"),
    keeps(TIME, "infrastructure/security/tokens.py", "import secrets\n"),
    keeps(TIME, "application/inbox/age.py", "import time\nfrom uuid import UUID, uuid5\nSTART = time.monotonic\n"),
    breaks(CORE, "domain/shared/ids.py", "import msgspec\n", "declare a port"),
    breaks(
        CORE, "application/inbox/list_items.py", "from sqlalchemy.orm import Session\n", "sqlalchemy.orm in application"
    ),
    breaks(CORE, "application/inbox/open_inbox.py", "def lazy() -> None:\n    import redis\n", "redis"),
    breaks(
        CORE, "domain/inbox/item.py", "from application.ports.clock import Clock\n", "application.ports.clock in domain"
    ),
    keeps(CORE, "application/inbox/list_items.py", "import asyncio\nfrom domain.inbox.item import InboxItem\n"),
    breaks(PURE, "domain/files/upload.py", "from pathlib import Path\n", "pass the result in"),
    breaks(PURE, "domain/files/fetch.py", "import urllib.request\n", "urllib.request"),
    breaks(PURE, "domain/jobs/job.py", "async def run() -> None:\n    pass\n", "async run"),
    keeps(PURE, "domain/files/name.py", "from urllib.parse import quote\n"),
    keeps(PURE, "application/files/store_file.py", "import asyncio\n"),
    breaks(PICKLE, "infrastructure/cache/redis.py", "import pickle\n", "msgspec"),
    breaks(PICKLE, "infrastructure/queue/file.py", "def load() -> None:\n    from marshal import loads\n", "marshal"),
    keeps(PICKLE, "infrastructure/cache/codec.py", "import json\n"),
    breaks(ANNOTATIONS, "app/http/auth.py", "from typing import TYPE_CHECKING\n", "import it for real"),
    breaks(ANNOTATIONS, "domain/inbox/item.py", "import typing\nCHECKING = typing.TYPE_CHECKING\n", "wrong module"),
    breaks(
        ANNOTATIONS,
        "app/http/inbox/schemas.py",
        "from __future__ import annotations\nimport msgspec\n",
        "drop the import",
    ),
    keeps(ANNOTATIONS, "domain/inbox/item.py", "from __future__ import annotations\n"),
    breaks(TESTS, "app/bootstrap/env.py", "def limits(is_testing: bool) -> None: ...\n", "container override"),
    breaks(TESTS, "infrastructure/config/app.py", "class AppSettings:\n    is_test: bool\n", "is_test"),
    breaks(TESTS, "infrastructure/config/app.py", "RUNNING = 'PYTEST_CURRENT_TEST'\n", "PYTEST_CURRENT_TEST"),
    breaks(TESTS, "infrastructure/memory/database.py", "import pytest\n", "imported by the product"),
    keeps(TESTS, "app/http/auth.py", "testing_address = 'a test address'\n"),
    breaks(PACKAGES, "app/http/auth.py", "", "add an empty __init__.py"),
    Case(PACKAGES, {"app/__init__.py": "", "app/http/__init__.py": "", "app/http/auth.py": ""}),
    keeps(PACKAGES, "infrastructure/database/migrations/versions/0001_first.py", ""),
]
