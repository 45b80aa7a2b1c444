"""Windows of steps in SQL."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, or_, select, update

from application.ports.step_window_repository import (
    DigestMember,
    Gathered,
    KeptWindow,
    Membership,
    OpenDigest,
    StepWindow,
    StepWindowRepository,
    WindowKey,
    WindowKind,
)
from domain.workflows.run import RUN_FINAL, RunStatus
from domain.workflows.throttle import ThrottleWindow
from infrastructure.database.run_tables import RunRow
from infrastructure.database.step_window_tables import DigestMemberRow, StepWindowRow
from infrastructure.database.tables import NotificationRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis

_WINDOWS = table_of(StepWindowRow)
_MEMBERS = table_of(DigestMemberRow)
_RUNS = table_of(RunRow)
_NOTIFICATIONS = table_of(NotificationRow)
_OPEN = [status.value for status in RunStatus if status not in RUN_FINAL]
_KINDS: Final[dict[WindowKind, type[StepWindow]]] = {
    WindowKind.THROTTLE: ThrottleWindow,
    WindowKind.DIGEST: OpenDigest,
}
# Of a row that was made to be locked; it is written by the same transaction, or was not needed.
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqlStepWindowRepository(StepWindowRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def locked(self, tenant_id: str, keys: Collection[WindowKey]) -> dict[WindowKey, StepWindow]:
        """In two statements, each in the order of the hashes: rows that others are making are waited for before any
        that exists is locked.
        """
        if not keys:
            return {}
        names = {_name(key): key for key in keys}
        empty = [_values(tenant_id, names[name], name, None, _NEVER) for name in sorted(names)]
        await self._tx.insert_new(_WINDOWS, empty, "key")
        rows = await self._tx.rows(
            select(_WINDOWS.c.key, _WINDOWS.c.state)
            .where(_WINDOWS.c.tenant_id == tenant_id, _WINDOWS.c.key.in_(list(names)))
            .order_by(_WINDOWS.c.key)
            .with_for_update()
        )
        found = {names[row["key"]]: row["state"] for row in rows}
        return {key: _window(key, state) for key, state in found.items() if state}

    async def put(self, tenant_id: str, windows: Sequence[KeptWindow]) -> None:
        if not windows:
            return
        statement = (
            update(_WINDOWS)
            .where(_WINDOWS.c.tenant_id == tenant_id, _WINDOWS.c.key == bindparam("name"))
            .values(state=bindparam("window"), needed_until=bindparam("until"))
        )
        await self._tx.execute(
            statement,
            [{"name": _name(each.key), "window": each.window, "until": each.needed_until} for each in windows],
        )

    async def memberships(self, tenant_id: str, step: str, run_ids: Collection[UUID]) -> dict[UUID, Membership]:
        if not run_ids:
            return {}
        rows = await self._tx.rows(
            select(_MEMBERS.c.run_id, _MEMBERS.c.opener, _NOTIFICATIONS.c.cancel_requested_at)
            .join(_NOTIFICATIONS, _NOTIFICATIONS.c.id == _MEMBERS.c.notification_id)
            .where(*_at_step(tenant_id, step), _MEMBERS.c.run_id.in_(list(run_ids)))
        )
        return {
            row["run_id"]: Membership(opener=row["opener"], wanted=row["cancel_requested_at"] is None) for row in rows
        }

    async def locked_carriers(self, tenant_id: str, step: str, openers: Collection[UUID]) -> dict[UUID, UUID | None]:
        if not openers:
            return {}
        rows = await self._tx.rows(
            select(_MEMBERS.c.run_id, _MEMBERS.c.carrier)
            .where(*_at_step(tenant_id, step), _MEMBERS.c.run_id.in_(list(openers)))
            .order_by(_MEMBERS.c.run_id)
            .with_for_update()
        )
        return {row["run_id"]: row["carrier"] for row in rows}

    async def join(self, tenant_id: str, members: Sequence[DigestMember]) -> None:
        names = ("run_id", "step", "opener", "notification_id", "at", "carrier")
        rows = [{"tenant_id": tenant_id, **{name: getattr(each, name) for name in names}} for each in members]
        await self._tx.insert_new(_MEMBERS, rows, "run_id")

    async def gathered(self, tenant_id: str, step: str, opener: UUID, now: datetime, most: int) -> Gathered | None:
        counting = (
            select(_MEMBERS)
            .join(_RUNS, _RUNS.c.id == _MEMBERS.c.run_id)
            .join(_NOTIFICATIONS, _NOTIFICATIONS.c.id == _MEMBERS.c.notification_id)
            .where(
                *_at_step(tenant_id, step),
                _MEMBERS.c.opener == opener,
                _RUNS.c.status.in_(_OPEN),
                or_(_RUNS.c.expires_at.is_(None), _RUNS.c.expires_at > now),
                _NOTIFICATIONS.c.cancel_requested_at.is_(None),
            )
        )
        at = _MEMBERS.c.at
        numbers = counting.with_only_columns(func.count().label("count"), func.min(at).label("first"), func.max(at))
        first = counting.with_only_columns(_NOTIFICATIONS.c.payload).order_by(at, _MEMBERS.c.run_id).limit(most)
        count, first_at, last_at = (await self._tx.execute(numbers)).one()
        if not count:
            return None
        payloads = [row["payload"] for row in await self._tx.rows(first)]
        return Gathered(count=count, first_at=_moment(first_at), last_at=_moment(last_at), payloads=payloads)

    async def close(self, tenant_id: str, step: str, opener: UUID, carrier: UUID) -> None:
        row = update(_MEMBERS).where(*_at_step(tenant_id, step), _MEMBERS.c.run_id == opener)
        await self._tx.execute(row.values(carrier=carrier))


def _at_step(tenant_id: str, step: str) -> tuple[ColumnElement[bool], ...]:
    return _MEMBERS.c.tenant_id == tenant_id, _MEMBERS.c.step == step


def _name(key: WindowKey) -> str:
    parts = [key.kind.value, key.workflow, key.step, key.target, key.key]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _values(tenant_id: str, key: WindowKey, name: str, state: StepWindow | None, until: datetime) -> Values:
    return {
        "tenant_id": tenant_id,
        "key": name,
        "kind": key.kind.value,
        "state": state if state is not None else {},
        "needed_until": until,
    }


def _window(key: WindowKey, state: object) -> StepWindow:
    return msgspec.convert(state, _KINDS[key.kind])


def _moment(found: datetime | int) -> datetime:
    """A minimum or maximum keeps the column's type only where SQLAlchemy knows the function."""
    return found if isinstance(found, datetime) else from_millis(found)
