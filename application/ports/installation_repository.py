"""Tenants, users and keys, as the first start makes them."""

from typing import Protocol

from domain.identity.api_key import ApiKey
from domain.identity.user import User
from domain.tenancy.tenant import Tenant


class InstallationRepository(Protocol):
    """Within the caller's transaction; the first start of several at once wins."""

    async def add_tenant(self, tenant: Tenant) -> bool:
        """Store a tenant; False when its id is taken."""
        ...

    async def add_user(self, user: User) -> bool:
        """Store a user; False when the e-mail address is taken in its tenant."""
        ...

    async def add_api_key(self, key: ApiKey) -> bool:
        """Store a key by its digest; False when it is there already."""
        ...
