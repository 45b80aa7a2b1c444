"""Telling who calls (B-27)."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.identity.authenticate_caller import AuthenticateCaller, KnownKeys, Scheme
from application.identity.ports import CredentialReader
from domain.identity.api_key import ApiKey, compose
from domain.identity.errors import InvalidCredential
from domain.identity.principal import PrincipalKind
from domain.identity.scopes import Scope
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.security.jwt import JwtTokenSigner
from infrastructure.security.jwt_keys import JwtKeys
from infrastructure.security.keyring import KeyRing
from tests.unit.http.stand_in import NOW

SECRET = compose("A" * 30)
KEY = ApiKey(
    id=UUID(int=1),
    tenant_id="default",
    name="backend",
    digest=SECRET.digest,
    scopes=frozenset({Scope.TOPICS_READ}),
    created_at=NOW,
)


@dataclass
class Stored(CredentialReader):
    """Keys by digest, and how often they were looked up."""

    keys: dict[str, ApiKey] = field(default_factory=lambda: {KEY.digest: KEY})
    looked_up: int = 0

    async def api_key(self, digest: str) -> ApiKey | None:
        self.looked_up += 1
        return self.keys.get(digest)


@dataclass
class Setting:
    """One `AuthenticateCaller` and what it stands on."""

    stored: Stored = field(default_factory=Stored)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    known: KnownKeys = field(default_factory=KnownKeys)

    @property
    def tokens(self) -> JwtTokenSigner:
        return JwtTokenSigner(JwtKeys(KeyRing("s" * 32, ()), "HS256"), "carillon", self.clock)

    @property
    def authenticate(self) -> AuthenticateCaller:
        return AuthenticateCaller(credentials=self.stored, tokens=self.tokens, clock=self.clock, known=self.known)


async def test_knows_the_backend_when_its_key_is_stored() -> None:
    principal = await Setting().authenticate(Scheme.API_KEY, SECRET.text)

    assert (principal.kind, principal.id, principal.tenant_id) == (PrincipalKind.API_KEY, str(KEY.id), "default")
    assert principal.scopes == {Scope.TOPICS_READ}


@pytest.mark.parametrize("text", ["", "crl_", SECRET.text[:-1], SECRET.text[:-1] + "z", "crl_" + "B" * 36, "x" * 9_999])
async def test_b27_asks_nobody_when_the_checksum_is_wrong(text: str) -> None:
    setting = Setting()

    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, text)

    assert setting.stored.looked_up == 0


async def test_b27_refuses_a_key_when_nobody_made_it() -> None:
    with pytest.raises(InvalidCredential):
        await Setting().authenticate(Scheme.API_KEY, compose("B" * 30).text)


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"expires_at": NOW}])
async def test_b27_refuses_a_key_when_it_has_ended(change: dict[str, object]) -> None:
    ended = replace(KEY, **change)  # type: ignore[arg-type]  # each is a field's own type
    setting = Setting(stored=Stored({KEY.digest: ended}))

    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, SECRET.text)


async def test_looks_a_key_up_once_when_it_comes_again_and_again() -> None:
    setting = Setting()

    for _ in range(10):
        await setting.authenticate(Scheme.API_KEY, SECRET.text)

    assert setting.stored.looked_up == 1


async def test_notices_the_end_of_a_remembered_key_at_its_very_instant() -> None:
    setting = Setting(stored=Stored({KEY.digest: replace(KEY, expires_at=NOW + timedelta(seconds=1))}))
    await setting.authenticate(Scheme.API_KEY, SECRET.text)
    setting.clock.advance(1)

    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, SECRET.text)


async def test_notices_a_revocation_when_the_key_is_looked_up_again() -> None:
    setting = Setting(known=KnownKeys(seconds=0.0))
    await setting.authenticate(Scheme.API_KEY, SECRET.text)
    setting.stored.keys[KEY.digest] = KEY.revoke(NOW)

    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, SECRET.text)


async def test_knows_a_key_at_once_when_it_was_made_after_a_vain_try() -> None:
    setting = Setting(stored=Stored({}))
    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, SECRET.text)
    setting.stored.keys[KEY.digest] = KEY

    assert (await setting.authenticate(Scheme.API_KEY, SECRET.text)).id == str(KEY.id)


def test_remembers_no_more_keys_than_it_may() -> None:
    known = KnownKeys(most=2)
    for digest in "abc":
        known.keep(digest, KEY)

    assert [known.get(digest) for digest in "abc"] == [None, KEY, KEY]


async def test_believes_a_token_when_we_signed_it() -> None:
    setting = Setting()
    token = setting.tokens.issue_subscriber_token("default", "ada", timedelta(minutes=5)).token

    principal = await setting.authenticate(Scheme.BEARER, token)

    assert (principal.kind, principal.id) == (PrincipalKind.SUBSCRIBER, "ada")
    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.BEARER, token + "x")
    with pytest.raises(InvalidCredential):
        await setting.authenticate(Scheme.API_KEY, token)
