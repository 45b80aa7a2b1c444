"""PasswordHasher. One adapter: its costs are arguments, so tests use the real one, cheaply."""

from collections.abc import AsyncIterator

import pytest

from application.ports.password_hasher import PasswordHasher
from domain.identity.errors import PasswordNotAllowed
from infrastructure.security.argon2 import Argon2PasswordHasher
from infrastructure.system.bounded_executor import BoundedExecutor


@pytest.fixture
async def hasher() -> AsyncIterator[PasswordHasher]:
    executor = BoundedExecutor("passwords", threads=2, waiting=32)
    yield Argon2PasswordHasher(executor, memory_kib=8, time_cost=1)
    await executor.stop()


async def test_a_password_matches_its_own_hash_alone_when_verified(hasher: PasswordHasher) -> None:
    hashed = await hasher.hash("correct horse ✓")

    assert await hasher.verify("correct horse ✓", hashed)
    assert not await hasher.verify("correct horse", hashed)


async def test_hashes_differ_and_hide_the_password_when_made_twice(hasher: PasswordHasher) -> None:
    first, second = await hasher.hash("correct horse"), await hasher.hash("correct horse")

    assert first != second
    assert "correct" not in first


@pytest.mark.parametrize("hashed", [None, "", "not a hash", "$2b$12$abc"])
async def test_no_password_matches_when_there_is_no_hash(hasher: PasswordHasher, hashed: str | None) -> None:
    assert not await hasher.verify("correct horse", hashed)


async def test_a_rehash_is_needed_when_the_hash_is_not_of_today(hasher: PasswordHasher) -> None:
    assert not hasher.needs_rehash(await hasher.hash("correct horse"))
    assert hasher.needs_rehash("not a hash")


@pytest.mark.parametrize("password", ["", "a\0b", "a" * 1025])
async def test_a_password_is_refused_when_it_is_not_allowed(hasher: PasswordHasher, password: str) -> None:
    with pytest.raises(PasswordNotAllowed):
        await hasher.hash(password)
    with pytest.raises(PasswordNotAllowed):
        await hasher.verify(password, None)


async def test_the_longest_password_is_told_from_its_neighbour_when_verified(hasher: PasswordHasher) -> None:
    hashed = await hasher.hash("a" * 1024)

    assert await hasher.verify("a" * 1024, hashed)
    assert not await hasher.verify("a" * 1023 + "b", hashed)
