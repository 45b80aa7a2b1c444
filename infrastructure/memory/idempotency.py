"""Remembered answers in memory."""

from datetime import timedelta
from typing import TypeVar

import msgspec

from application.shared.idempotency import Idempotency, IdempotencyKeyReused
from infrastructure.memory.database import IdempotencyRow
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import encoded

View = TypeVar("View")

KEPT = timedelta(hours=24)


class MemoryAnswers:
    """Views by idempotency key, as JSON. A concurrent holder needs no waiting here: it is the one writer."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def find(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        """The remembered view; raises `IdempotencyKeyReused` for another fingerprint."""
        row = self._transaction.rows.answers.get(_key(idempotency))
        if row is None or row.at <= self._transaction.now() - KEPT:
            return None
        if row.fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused
        return msgspec.json.decode(row.view, type=view_type)

    def keep(self, idempotency: Idempotency, view: object) -> None:
        """Remember `view`, in place of an earlier one."""
        self._transaction.rows.answers.put(
            IdempotencyRow(
                key=_key(idempotency),
                fingerprint=idempotency.fingerprint,
                view=encoded(view),
                at=self._transaction.now(),
            )
        )


def _key(idempotency: Idempotency) -> tuple[str, str, str]:
    return idempotency.tenant_id, idempotency.scope, idempotency.key
