"""What the steps of many runs share: how often a throttle let something through, and what a digest has gathered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.shared.json import JsonObject
from domain.workflows.digest import DigestWindow
from domain.workflows.throttle import ThrottleWindow


class WindowKind(StrEnum):
    """A step may change its type from one version to the next: windows of another type are not its."""

    THROTTLE = "throttle"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WindowKey:
    """Which runs meet in one window: those of a workflow's step, for one subscriber (the caller's id), with one key."""

    kind: WindowKind
    workflow: str
    step: str
    target: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDigest:
    """The newest window of a key; `opener` is the run that opened it, and names what is gathered in it."""

    window: DigestWindow
    opener: UUID


StepWindow = ThrottleWindow | OpenDigest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWindow:
    """A window to store. Nobody asks for it after `needed_until`: then it may be forgotten."""

    key: WindowKey
    window: StepWindow
    needed_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMember:
    """A run whose event is gathered under the run `opener`, its own id for the first. `carrier` is the run that goes on
    for all of them, known of the first alone.
    """

    run_id: UUID
    step: str
    opener: UUID
    notification_id: UUID
    at: datetime
    carrier: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Under which run a run's event is gathered; not `wanted` when its notification is to be cancelled."""

    opener: UUID
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What counts of a window: the first and the last event, how many, and the payloads of the first of them."""

    count: int
    first_at: datetime
    last_at: datetime
    payloads: Sequence[JsonObject]


class StepWindowRepository(Protocol):
    """Windows of steps, locked until the transaction ends.

    Call `locked` at most once for a tenant in a transaction, and before `locked_carriers`; several tenants in the order
    of their ids: nobody then waits in a circle.
    """

    async def locked(self, tenant_id: str, keys: Collection[WindowKey]) -> Mapping[WindowKey, StepWindow]:
        """The windows that exist. One that does not is locked, too: who asks for it next waits, and finds it."""
        ...

    async def put(self, tenant_id: str, windows: Sequence[KeptWindow]) -> None:
        """Store windows that are locked."""
        ...

    async def memberships(self, tenant_id: str, step: str, run_ids: Collection[UUID]) -> Mapping[UUID, Membership]:
        """Those of runs that have one at this step, by run."""
        ...

    async def locked_carriers(self, tenant_id: str, step: str, openers: Collection[UUID]) -> Mapping[UUID, UUID | None]:
        """Which run goes on for what was gathered under each, or None while it is open; by opener, those that exist.

        Nobody joins them or closes them until the transaction ends.
        """
        ...

    async def join(self, tenant_id: str, members: Sequence[DigestMember]) -> None:
        """Gather events; a run joins once at each step."""
        ...

    async def gathered(self, tenant_id: str, step: str, opener: UUID, now: datetime, most: int) -> Gathered | None:
        """What was gathered under a run, in the order it came, at most so many payloads; None when nothing counts.

        What belongs to a run that is over, or has expired by `now`, or whose notification is to be cancelled, does
        not count.
        """
        ...

    async def close(self, tenant_id: str, step: str, opener: UUID, carrier: UUID) -> None:
        """`carrier` goes on for all of them."""
        ...
