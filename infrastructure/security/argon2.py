"""Passwords under argon2id (RFC 9106)."""

import secrets
from base64 import b64encode

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from application.ports.password_hasher import PasswordHasher
from domain.identity.password import password_bytes
from infrastructure.system.bounded_executor import BoundedExecutor


class Argon2PasswordHasher(PasswordHasher):
    """Costs 19 MiB and two passes by default (about 33 ms): the least that OWASP recommends.

    Give it an executor of its own: 40 logins on the loop stop everything else for a second.
    """

    def __init__(
        self, executor: BoundedExecutor, *, memory_kib: int = 19456, time_cost: int = 2, parallelism: int = 1
    ) -> None:
        self._executor = executor
        self._argon2 = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._dummy = _unmatched_hash(self._argon2)

    async def hash(self, password: str) -> str:
        return await self._executor.run(self._argon2.hash, password_bytes(password))

    async def verify(self, password: str, hashed: str | None) -> bool:
        matches = await self._executor.run(self._matches, hashed or self._dummy, password_bytes(password))
        return matches and hashed is not None

    def needs_rehash(self, hashed: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def _matches(self, hashed: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


def _unmatched_hash(hasher: argon2.PasswordHasher) -> str:
    """A hash of today's cost that no password has: its digest is random, so making it costs nothing."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        b64encode(secrets.token_bytes(length)).rstrip(b"=").decode() for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${costs}${salt}${digest}"
