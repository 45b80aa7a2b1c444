"""Tenants, users and keys in memory."""

from application.identity.ports import CredentialReader
from application.ports.installation_repository import InstallationRepository
from domain.identity.api_key import ApiKey
from domain.identity.user import User
from domain.tenancy.tenant import Tenant
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.transaction import Transaction


class MemoryInstallationRepository(InstallationRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_tenant(self, tenant: Tenant) -> bool:
        table = self._transaction.rows.tenants
        is_new = table.get(tenant.id) is None
        if is_new:
            table.put(tenant)
        return is_new

    async def add_user(self, user: User) -> bool:
        table = self._transaction.rows.users
        is_new = table.one("email", (user.tenant_id, user.email)) is None
        if is_new:
            table.put(user)
        return is_new

    async def add_api_key(self, key: ApiKey) -> bool:
        table = self._transaction.rows.api_keys
        is_new = table.get(key.digest) is None
        if is_new:
            table.put(key)
        return is_new


class MemoryCredentialReader(CredentialReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def api_key(self, digest: str) -> ApiKey | None:
        return self._database.api_keys.committed.get(digest)
