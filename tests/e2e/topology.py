"""What an installation under test is made of: `E2E_TOPOLOGY=embedded` (the default) or `scaled`.

Embedded is one process over files: SQLite, and wake-ups through files. Scaled is two servers on one port, two workers
and a scheduler, each a process of its own, over PostgreSQL and Redis. The tests are the same.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from uuid import uuid4

import pytest

CHOSEN = "E2E_TOPOLOGY"
EMBEDDED, SCALED = "embedded", "scaled"
# On a server there is no folder to keep it in. No answer may hold it, as test_hardening knows.
SECRET = "hardening-secret-that-no-answer-may-ever-contain"
NEEDS_NOTHING = pytest.mark.skipif(False, reason="it needs nothing")


def chosen() -> str:
    """`embedded` or `scaled`."""
    name = os.environ.get(CHOSEN) or EMBEDDED
    if name not in {EMBEDDED, SCALED}:
        raise ValueError(f"{CHOSEN} is {EMBEDDED} or {SCALED}")
    return name


def only_embedded(reason: str, needs: pytest.MarkDecorator = NEEDS_NOTHING) -> pytest.MarkDecorator:
    """Skips what is about one process over files; elsewhere it is marked with what it needs.

    One mark and not two: what needs a service and is skipped is a failure where services are required.
    """
    return pytest.mark.skip(reason=f"embedded alone: {reason}") if chosen() == SCALED else needs


def environment() -> Mapping[str, str]:
    """The settings of an installation of its own, which is empty; what is needed on servers is made now."""
    if chosen() == EMBEDDED:
        return {}
    with ThreadPoolExecutor(1) as thread:
        # In a thread: who asks may be in a loop.
        return thread.submit(_made).result()


def writers(settings: Mapping[str, str]) -> int:
    """How many connections each of its processes may write with; SQLite has one."""
    return int(settings.get("DB_POOL_SIZE", "1"))


def remove(settings: Mapping[str, str]) -> None:
    """Take away from the servers what `environment` has made there."""
    if "REDIS_URL" in settings:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_removed, settings).result()


def _made() -> Mapping[str, str]:
    # Late: tests.servers waits by the means of tests.e2e.processes, which imports this module.
    postgres, redis = import_module("tests.servers.postgres"), import_module("tests.servers.redis")
    name = f"carillon_e2e_{uuid4().hex[:12]}"
    server, prefix = postgres.running(), name.replace("_", "-")
    asyncio.run(postgres.administer(server, f"CREATE DATABASE {name}"))
    return {
        "DATABASE_URL": f"{server}/{name}",
        "DB_AUTO_MIGRATE": "true",
        # Many processes stand on one server here.
        "DB_POOL_SIZE": "4",
        "AUTH_SECRET": SECRET,
        "REDIS_URL": redis.running(),
        "QUEUE_DRIVER": "redis",
        "QUEUE_PREFIX": prefix,
        "REALTIME_DRIVER": "redis",
        "REALTIME_PREFIX": prefix,
    }


def _removed(settings: Mapping[str, str]) -> None:
    postgres, redis = import_module("tests.servers.postgres"), import_module("tests.servers.redis")
    server, _, name = settings["DATABASE_URL"].rpartition("/")
    asyncio.run(redis.forget(settings["REDIS_URL"], settings["QUEUE_PREFIX"]))
    asyncio.run(postgres.administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
