"""What deliveries, jobs and runs have in common as queue entries."""

from collections.abc import Iterable
from datetime import datetime
from heapq import nsmallest
from operator import attrgetter
from typing import Protocol, TypeVar

from domain.shared.lease import Lease, Suspicion, together
from infrastructure.memory.tables import Entry


class Leasable(Protocol):
    """A row that workers lease."""

    @property
    def lease(self) -> Lease | None: ...
    @property
    def suspicion(self) -> Suspicion: ...


Leased = TypeVar("Leased", bound=Leasable)

_time = attrgetter("at")


def due(entries: Iterable[Entry[Leased]], now: datetime, limit: int) -> list[Entry[Leased]]:
    """At most `limit` whose time has come, the longest waiting first."""
    return nsmallest(limit, (entry for entry in entries if entry.at <= now), key=_time)


def suspects(leased: Iterable[Entry[Leased]], now: datetime, limit: int) -> list[Entry[Leased]]:
    """Of the leases that ran out: as many of the least suspected as may run together."""
    lost = sorted((entry for entry in leased if entry.at <= now), key=_time)
    for suspicion in Suspicion:
        if group := [entry for entry in lost if entry.item.suspicion is suspicion]:
            return group[: together(suspicion, limit)]
    return []


def held(entry: Entry[Leased] | None, token: int) -> Entry[Leased] | None:
    """The entry, if the lease with this token is still its own."""
    if entry is None or entry.item.lease is None or entry.item.lease.token != token:
        return None
    return entry
