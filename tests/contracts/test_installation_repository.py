"""InstallationRepository and CredentialReader, over every store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from application.identity.ports import CredentialReader
from application.ports.installation_repository import InstallationRepository
from domain.identity.api_key import ApiKey
from domain.identity.scopes import Scope
from domain.identity.user import User, UserStatus
from domain.tenancy.tenant import Tenant
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store


@pytest.fixture
def tenant(store: Store) -> Tenant:
    return Tenant(id=TENANT, name="Default", created_at=store.now())


@pytest.fixture
def key(make: Samples) -> ApiKey:
    now = make.store.now()
    return ApiKey(
        id=make.ids.new(),
        tenant_id=TENANT,
        name="backend",
        digest="d" * 64,
        scopes=frozenset({Scope.NOTIFICATIONS_WRITE, Scope.SUBSCRIBERS_READ}),
        created_at=now,
        expires_at=now + timedelta(days=1),
        revoked_at=now + timedelta(hours=1),
    )


@pytest.fixture
def user(make: Samples) -> User:
    return User(
        id=make.ids.new(),
        tenant_id=TENANT,
        email="admin@example.org",
        password_hash="$argon2id$…",
        roles=("admin",),
        status=UserStatus.ACTIVE,
        created_at=make.store.now(),
        must_change_password=True,
    )


async def install(store: Store, tenant: Tenant, user: User, key: ApiKey) -> tuple[bool, bool, bool]:
    async with store.unit_of_work() as uow:
        installation: InstallationRepository = uow.installation
        made = (
            await installation.add_tenant(tenant),
            await installation.add_user(user),
            await installation.add_api_key(key),
        )
        await uow.commit()
    return made


async def test_everything_is_made_once_when_installed_twice(
    store: Store, tenant: Tenant, user: User, key: ApiKey
) -> None:
    assert await install(store, tenant, user, key) == (True, True, True)
    assert await install(store, tenant, user, key) == (False, False, False)


async def test_one_wins_when_five_first_starts_come_at_once(
    store: Store, tenant: Tenant, user: User, key: ApiKey
) -> None:
    made = await asyncio.gather(*(install(store, tenant, user, key) for _ in range(5)))

    assert sorted(made) == [(False, False, False)] * 4 + [(True, True, True)]


async def test_an_address_can_be_used_again_when_the_tenant_is_another(
    store: Store, make: Samples, tenant: Tenant, user: User, key: ApiKey
) -> None:
    await install(store, tenant, user, key)
    async with store.unit_of_work() as uow:
        assert await uow.installation.add_tenant(replace(tenant, id="other"))
        assert await uow.installation.add_user(replace(user, id=make.ids.new(), tenant_id="other"))
        assert not await uow.installation.add_user(replace(user, id=make.ids.new()))
        await uow.commit()


async def test_a_key_is_found_by_its_digest_when_stored(store: Store, tenant: Tenant, user: User, key: ApiKey) -> None:
    reader: CredentialReader = store.credentials
    assert await reader.api_key(key.digest) is None
    await install(store, tenant, user, key)

    assert await reader.api_key(key.digest) == key
    assert await reader.api_key("e" * 64) is None


async def test_nothing_is_installed_when_rolled_back(store: Store, tenant: Tenant, user: User, key: ApiKey) -> None:
    async with store.unit_of_work() as uow:
        assert await uow.installation.add_tenant(tenant)
        assert await uow.installation.add_api_key(key)

    assert await store.credentials.api_key(key.digest) is None
    assert await install(store, tenant, user, key) == (True, True, True)
