"""The database of an installation under test: its own file, or one on a server under `E2E_DATABASE=postgres`."""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from uuid import uuid4

CHOSEN = "E2E_DATABASE"
# On a server there is no folder to keep it in. No answer may hold it, as test_hardening knows.
SECRET = "hardening-secret-that-no-answer-may-ever-contain"


def chosen() -> str:
    """`sqlite` or `postgres`."""
    name = os.environ.get(CHOSEN) or "sqlite"
    if name not in {"sqlite", "postgres"}:
        raise ValueError(f"{CHOSEN} is sqlite or postgres")
    return name


def environment() -> Mapping[str, str]:
    """The settings of an installation with a database of its own, which is made now and is empty."""
    if chosen() == "sqlite":
        return {}
    with ThreadPoolExecutor(1) as thread:
        # In a thread: who asks may be in a loop.
        return {"DATABASE_URL": thread.submit(_made).result(), "DB_AUTO_MIGRATE": "true", "AUTH_SECRET": SECRET}


def remove(settings: Mapping[str, str]) -> None:
    """Drop the database that `environment` has made."""
    if url := settings.get("DATABASE_URL"):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_dropped, url).result()


def _made() -> str:
    # Late: tests.servers waits by the means of tests.e2e.processes, which imports this module.
    postgres = import_module("tests.servers.postgres")
    name = f"carillon_e2e_{uuid4().hex[:12]}"
    server = str(postgres.running())
    asyncio.run(postgres.administer(server, f"CREATE DATABASE {name}"))
    return f"{server}/{name}"


def _dropped(url: str) -> None:
    postgres = import_module("tests.servers.postgres")
    server, _, name = url.rpartition("/")
    asyncio.run(postgres.administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
