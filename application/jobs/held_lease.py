"""A named lease that one process at a time holds."""

import time

from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.system_scope import SystemScope

LEASE_SECONDS = 15.0
# A lease is prolonged when this share of it has passed: idle processes do not write for it all the time.
FRESH_SHARE = 1 / 3


class HeldLease:
    """Remembers when a lease was last taken or prolonged here. Whoever writes prolongs it in the same transaction:
    then two that both believe to hold it cannot both commit.
    """

    def __init__(self, name: str, *, seconds: float = LEASE_SECONDS) -> None:
        self._name = name
        self._seconds = seconds
        self._token: int | None = None
        self._fresh_until = 0.0

    @property
    def fresh(self) -> bool:
        """Whether it is certainly still ours."""
        return self._token is not None and time.monotonic() < self._fresh_until

    @property
    def token(self) -> int | None:
        """Grows whenever somebody else may have had it meanwhile; None while it is not ours."""
        return self._token

    async def hold(self, uow: SystemUnitOfWork, scope: SystemScope) -> bool:
        """Take or prolong it in this transaction, which has to be committed; False while somebody else has it."""
        asked = time.monotonic()
        self._token = await uow.leases.acquire(scope, self._name, self._seconds)
        self._fresh_until = asked + self._seconds * FRESH_SHARE
        return self._token is not None

    async def let_go(self, uow: SystemUnitOfWork, scope: SystemScope) -> None:
        """Leave it to others at once, in this transaction; does nothing when it is not held."""
        token, self._token = self._token, None
        if token is not None:
            await uow.leases.release(scope, self._name, token)
