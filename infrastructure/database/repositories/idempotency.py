"""Idempotency records in SQL."""

from hashlib import sha256
from typing import TypeVar

import msgspec
from sqlalchemy import select

from application.shared.idempotency import Idempotency, IdempotencyInProgress, IdempotencyKeyReused
from infrastructure.database.repositories.retention import RECORD_SECONDS
from infrastructure.database.tables import IdempotencyRow, table_of
from infrastructure.database.transaction import Transaction

View = TypeVar("View")

_TABLE = table_of(IdempotencyRow)


class IdempotencyRecords:
    """Written in the effect's own transaction: the answer and what it answers for are there together or not at all."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def once(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        digest = _digest(idempotency.scope)
        await self._tx.hold_name(f"{idempotency.tenant_id} {digest} {idempotency.key}")
        row = await self._tx.row(
            select(_TABLE.c.fingerprint, _TABLE.c.view).where(
                _TABLE.c.tenant_id == idempotency.tenant_id,
                _TABLE.c.scope == digest,
                _TABLE.c.key == idempotency.key,
                _TABLE.c.created_at >= await self._tx.now_ms() - RECORD_SECONDS * 1000,
            )
        )
        if row is None:
            return None
        if row["fingerprint"] != idempotency.fingerprint:
            raise IdempotencyKeyReused
        if row["view"] is None:
            raise IdempotencyInProgress
        return msgspec.json.decode(row["view"], type=view_type)

    async def remember(self, idempotency: Idempotency, view: object) -> None:
        await self._tx.upsert(
            _TABLE,
            {
                "tenant_id": idempotency.tenant_id,
                "scope": _digest(idempotency.scope),
                "key": idempotency.key,
                "fingerprint": idempotency.fingerprint,
                "view": msgspec.json.encode(view),
                "created_at": await self._tx.now_ms(),
            },
            ["tenant_id", "scope", "key"],
        )


def _digest(scope: str) -> str:
    """Scopes hold callers' ids and routes: of any length, while a key's columns are bounded everywhere."""
    return sha256(scope.encode()).hexdigest()
