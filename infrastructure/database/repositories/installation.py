"""Tenants, users and keys in SQL."""

from application.ports.installation_repository import InstallationRepository
from domain.identity.api_key import ApiKey
from domain.identity.user import User
from domain.tenancy.tenant import Tenant
from infrastructure.database.tables import ApiKeyRow, Row, TenantRow, UserRow, table_of
from infrastructure.database.transaction import Transaction, Values


class SqlInstallationRepository(InstallationRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add_tenant(self, tenant: Tenant) -> bool:
        return await self._add(TenantRow, {"id": tenant.id, "name": tenant.name, "created_at": tenant.created_at})

    async def add_user(self, user: User) -> bool:
        return await self._add(
            UserRow,
            {
                "id": user.id,
                "tenant_id": user.tenant_id,
                "email": user.email,
                "password_hash": user.password_hash,
                "roles": user.roles,
                "status": user.status.value,
                "must_change_password": user.must_change_password,
                "created_at": user.created_at,
            },
        )

    async def add_api_key(self, key: ApiKey) -> bool:
        return await self._add(
            ApiKeyRow,
            {
                "id": key.id,
                "tenant_id": key.tenant_id,
                "name": key.name,
                "digest": key.digest,
                "scopes": sorted(scope.value for scope in key.scopes),
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "revoked_at": key.revoked_at,
            },
        )

    async def _add(self, row: type[Row], values: Values) -> bool:
        return bool(await self._tx.insert_new(table_of(row), [values], "id"))
