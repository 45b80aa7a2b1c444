"""Column types that read back what was written, on every dialect."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Dialect, LargeBinary, Text, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(moment: datetime) -> int:
    """Unix milliseconds; finer digits are cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(milliseconds=millis)


class Millis(TypeDecorator[datetime]):
    """Instants as integers of Unix milliseconds: SQL compares and indexes them alike everywhere, and MariaDB's
    DATETIME would drop the fraction.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


class Json(TypeDecorator[Any]):  # Any: whatever JSON the column holds
    """JSON as text, encoded and decoded by msgspec; the store never looks into it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # Any: see the class
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # Any: see the class
        return None if value is None else msgspec.json.decode(value)


class Id(TypeDecorator[UUID]):
    """UUIDs as 16 bytes, natively where there is a type for them. As BLOB and not as BINARY on SQLite: there BINARY is
    reflected as a number.
    """

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: bytes or UUID, as the dialect has it
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(mysql.BINARY(16) if dialect.name in ("mysql", "mariadb") else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | bytes | None:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: UUID | bytes | None, dialect: Dialect) -> UUID | None:
        return UUID(bytes=value) if isinstance(value, bytes) else value


class Bytes(TypeDecorator[bytes]):
    """Bytes as they are."""

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: bytes | memoryview | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes(value)
