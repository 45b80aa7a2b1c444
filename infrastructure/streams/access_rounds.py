"""Closing streams whose holders may not have them any more."""

import asyncio
from collections.abc import Callable

from application.ports.clock import Clock
from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.stream_hub import AccessCheck
from infrastructure.streams.connection import Ending
from infrastructure.streams.registry import Registry


class AccessRounds:
    """Asks about all holders at once, every `interval` seconds at most. When the check fails, streams stay open."""

    def __init__(
        self,
        registry: Registry,
        *,
        interval: float,
        access: Callable[[], AccessCheck],
        clock: Callable[[], Clock],
        jitter: Callable[[], Jitter],
        log: Callable[[], Log],
    ) -> None:
        self._registry = registry
        self._interval = interval
        self._access = access
        self._clock = clock
        self._jitter = jitter
        self._log = log

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._jitter().spread(self._interval * 0.9, 0.1))
            self._end_expired()
            try:
                await self._end_revoked()
            except Exception as error:  # noqa: BLE001 - the next round asks again
                self._log().exception("streams.access_check_failed", error)

    def _end_expired(self) -> None:
        """Timers end them too; this is for a clock that was set."""
        now = self._clock().now()
        for connection in self._registry:
            expires_at = connection.holder.principal.expires_at
            if expires_at is not None and expires_at <= now:
                connection.end(Ending.EXPIRED)

    async def _end_revoked(self) -> None:
        holders = {connection.holder for connection in self._registry}
        refused = frozenset(await self._access()(holders)) if holders else frozenset()
        for connection in self._registry:
            if connection.holder in refused:
                connection.end(Ending.REVOKED)
