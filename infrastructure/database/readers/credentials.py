"""Looking credentials up in SQL."""

from sqlalchemy import select

from application.identity.ports import CredentialReader
from domain.identity.api_key import ApiKey
from domain.identity.scopes import Scope
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import ApiKeyRow, table_of
from infrastructure.database.unit_of_work import Engines

_TABLE = table_of(ApiKeyRow)


class SqlCredentialReader(CredentialReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def api_key(self, digest: str) -> ApiKey | None:
        async with snapshot(self._engines) as tx:
            row = await tx.row(select(_TABLE).where(_TABLE.c.digest == digest))
        return ApiKey(**{**row, "scopes": frozenset(map(Scope, row["scopes"]))}) if row else None
