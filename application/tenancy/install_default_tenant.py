"""The first start in an empty database."""

from dataclasses import dataclass, field
from datetime import datetime

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.password_hasher import PasswordHasher
from application.ports.secret_mint import SecretMint
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.api_key import ApiKey, parse
from domain.identity.principal import Principal
from domain.identity.scopes import Scope
from domain.identity.user import User, UserStatus, login_name
from domain.shared.errors import FieldProblem, InvalidInput
from domain.tenancy.tenant import DEFAULT_TENANT, Tenant

ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCredentials:
    """What the operator chose; what is None is generated."""

    admin_email: str
    admin_password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledView:
    """Generated secrets, to be shown once; None where the operator chose it."""

    admin_email: str
    generated_password: str | None = field(repr=False)
    generated_api_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallDefaultTenant:
    """Create the tenant `default`, an administrator and an API key with every scope.

    Does nothing where there is a tenant already. Of several processes that start at once, one does it.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    mint: SecretMint
    clock: Clock
    ids: Ids

    async def __call__(self, chosen: FirstCredentials) -> InstalledView | None:
        """What was made, or None when there was a tenant."""
        async with self.unit_of_work() as uow:
            # Looked at first, and undone: a hash costs a tenth of a second, at every start of every process.
            if not await uow.installation.add_tenant(_default_tenant(self.clock.now())):
                return None
        password = chosen.admin_password or self.mint.password()
        key_text = chosen.api_key or self.mint.api_key()
        password_hash = await self.hasher.hash(password)
        now = self.clock.now()
        async with self.unit_of_work() as uow:
            if not await uow.installation.add_tenant(_default_tenant(now)):
                return None
            await uow.installation.add_user(self._administrator(chosen.admin_email, password_hash, now))
            await uow.installation.add_api_key(self._key(key_text, now))
            product = Principal.system(DEFAULT_TENANT)
            uow.audit.append(audited(product, AuditAction.TENANT_INSTALL, DEFAULT_TENANT, now))
            await uow.commit()
        return InstalledView(
            admin_email=chosen.admin_email,
            generated_password=None if chosen.admin_password else password,
            generated_api_key=None if chosen.api_key else key_text,
        )

    def _administrator(self, email: str, password_hash: str, now: datetime) -> User:
        return User(
            id=self.ids.new(),
            tenant_id=DEFAULT_TENANT,
            email=login_name(email),
            password_hash=password_hash,
            roles=(ADMINISTRATOR,),
            status=UserStatus.ACTIVE,
            created_at=now,
            must_change_password=True,
        )

    def _key(self, text: str, now: datetime) -> ApiKey:
        secret = parse(text)
        if secret is None:
            raise InvalidInput("1 field is invalid", problems=[FieldProblem("apiKey", "has a wrong checksum")])
        return ApiKey(
            id=self.ids.new(),
            tenant_id=DEFAULT_TENANT,
            name="bootstrap",
            digest=secret.digest,
            scopes=frozenset({Scope.ALL}),
            created_at=now,
        )


def _default_tenant(now: datetime) -> Tenant:
    return Tenant(id=DEFAULT_TENANT, name="Default", created_at=now)
