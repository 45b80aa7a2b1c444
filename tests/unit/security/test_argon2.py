"""What the argon2 hasher costs, and how much of it may happen at once (S-01, B-29)."""

import asyncio
import threading
from typing import Any

import argon2
import pytest

from domain.identity.errors import PasswordNotAllowed
from domain.shared.errors import Unavailable
from infrastructure.security.argon2 import Argon2PasswordHasher
from infrastructure.system.bounded_executor import BoundedExecutor


class Calls:
    """Stands in for argon2: counts, and blocks until it is let go."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self.go = threading.Event()
        self._running = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def hash(self, *arguments: Any) -> str:
        with self._lock:
            self.seen.append(arguments)
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        assert self.go.wait(10)
        with self._lock:
            self._running -= 1
        return "hashed"


@pytest.fixture
def executor() -> BoundedExecutor:
    return BoundedExecutor("passwords", threads=2, waiting=32)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(argon2.PasswordHasher, "hash", calls.hash)
    return calls


def cheap(executor: BoundedExecutor) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(executor, memory_kib=8, time_cost=1)


async def test_two_run_and_32_wait_and_the_rest_are_refused_when_40_come_at_once(
    executor: BoundedExecutor, calls: Calls
) -> None:
    hasher = cheap(executor)
    tasks = [asyncio.create_task(hasher.hash("correct horse")) for _ in range(40)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    refused = [task for task in tasks if task.done()]
    calls.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert len(refused) == 6
    assert all(isinstance(task.exception(), Unavailable) for task in refused)
    assert results.count("hashed") == 34
    assert calls.most_at_once == 2
    await executor.stop()


async def test_hashes_cost_what_owasp_asks_for_when_nothing_else_is_said(executor: BoundedExecutor) -> None:
    hashed = await Argon2PasswordHasher(executor).hash("correct horse")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await executor.stop()


async def test_a_dummy_of_the_same_cost_is_verified_when_the_user_is_unknown(
    executor: BoundedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = argon2.PasswordHasher.verify

    def spy(self: argon2.PasswordHasher, hashed: str, password: bytes) -> Any:
        verified.append(hashed)
        return real(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", spy)
    hasher = cheap(executor)
    known = await hasher.hash("correct horse")

    assert not await hasher.verify("correct horse", None)
    assert not await hasher.verify("wrong horse", known)
    assert [argon2.extract_parameters(hashed) for hashed in verified] == [argon2.extract_parameters(known)] * 2
    assert verified[0] != known
    await executor.stop()


@pytest.mark.parametrize("password", ["a" * 1_000_000, "a\0b", "", "\ud800"])
async def test_nothing_is_hashed_when_the_password_is_not_allowed(
    executor: BoundedExecutor, calls: Calls, password: str
) -> None:
    hasher = cheap(executor)

    with pytest.raises(PasswordNotAllowed):
        await hasher.hash(password)
    with pytest.raises(PasswordNotAllowed):
        await hasher.verify(password, None)
    assert calls.seen == []


async def test_the_cost_of_the_stored_hash_counts_when_costs_were_raised(executor: BoundedExecutor) -> None:
    old = await cheap(executor).hash("correct horse")
    dearer = Argon2PasswordHasher(executor, memory_kib=16, time_cost=2)

    assert await dearer.verify("correct horse", old)
    assert dearer.needs_rehash(old)
    await executor.stop()
