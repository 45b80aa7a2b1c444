"""TokenSigner, over both algorithms of the one adapter: a second technology would mean a second token format."""

from datetime import UTC, datetime, timedelta

import pytest

from application.ports.token_signer import TokenSigner
from domain.identity.errors import InvalidCredential
from domain.identity.principal import PrincipalKind
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.security.jwt import JwtTokenSigner
from infrastructure.security.jwt_keys import JwtAlgorithm, JwtKeys
from infrastructure.security.keyring import KeyRing

NOW = datetime(2031, 5, 1, 9, 0, 0, 750_000, tzinfo=UTC)
OLD = "an-older-secret-of-thirty-two-bytes!"
NEW = "the-current-secret-of-32-bytes-long!"
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture(params=["HS256", "EdDSA"])
def algorithm(request: pytest.FixtureRequest) -> JwtAlgorithm:
    named: JwtAlgorithm = request.param
    return named


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def signer(algorithm: JwtAlgorithm, clock: FixedClock) -> TokenSigner:
    return make(algorithm, clock, KeyRing(NEW))


def make(
    algorithm: JwtAlgorithm, clock: FixedClock, ring: KeyRing, issuer: str = "https://notify.example.com"
) -> TokenSigner:
    return JwtTokenSigner(JwtKeys(ring, algorithm), issuer, clock)


@pytest.mark.parametrize("subscriber_id", ["u1", "user:42@example.com", "ünïcødé ✓", '"}{"'])
def test_a_token_speaks_for_its_subscriber_when_verified(signer: TokenSigner, subscriber_id: str) -> None:
    token, expires_at = signer.issue_subscriber_token("acme", subscriber_id, TEN_MINUTES)
    principal = signer.verify(token)

    assert (principal.kind, principal.tenant_id, principal.id) == (PrincipalKind.SUBSCRIBER, "acme", subscriber_id)
    assert principal.expires_at == expires_at
    assert not principal.scopes
    assert not principal.roles


def test_the_end_is_in_whole_seconds_of_utc_when_issued(signer: TokenSigner) -> None:
    issued = signer.issue_subscriber_token("acme", "u1", TEN_MINUTES)

    assert issued.expires_at == NOW.replace(microsecond=0) + TEN_MINUTES
    assert issued.expires_at.utcoffset() == timedelta(0)


def test_a_token_lives_to_its_end_and_the_leeway_when_business_time_passes(
    signer: TokenSigner, clock: FixedClock
) -> None:
    token = signer.issue_subscriber_token("acme", "u1", TEN_MINUTES).token

    clock.advance(600 + 59)
    assert signer.verify(token).id == "u1"
    clock.advance(1)
    with pytest.raises(InvalidCredential):
        signer.verify(token)


def test_a_token_from_a_clock_that_is_ahead_is_believed_when_within_the_leeway(
    signer: TokenSigner, clock: FixedClock
) -> None:
    token = signer.issue_subscriber_token("acme", "u1", TEN_MINUTES).token

    clock.advance(-60)
    assert signer.verify(token).id == "u1"
    clock.advance(-1)
    with pytest.raises(InvalidCredential):
        signer.verify(token)


def test_a_token_of_the_previous_secret_is_believed_while_it_is_listed_when_rotated(
    algorithm: JwtAlgorithm, clock: FixedClock
) -> None:
    token = make(algorithm, clock, KeyRing(OLD)).issue_subscriber_token("acme", "u1", TEN_MINUTES).token

    assert make(algorithm, clock, KeyRing(NEW, (OLD,))).verify(token).id == "u1"
    with pytest.raises(InvalidCredential):
        make(algorithm, clock, KeyRing(NEW)).verify(token)


def test_new_tokens_are_of_the_current_secret_when_rotated(algorithm: JwtAlgorithm, clock: FixedClock) -> None:
    token = make(algorithm, clock, KeyRing(NEW, (OLD,))).issue_subscriber_token("acme", "u1", TEN_MINUTES).token

    assert make(algorithm, clock, KeyRing(NEW)).verify(token).id == "u1"


def test_a_token_of_another_issuer_is_refused_when_the_secret_is_shared(
    signer: TokenSigner, algorithm: JwtAlgorithm, clock: FixedClock
) -> None:
    other = make(algorithm, clock, KeyRing(NEW), issuer="https://staging.example.com")

    with pytest.raises(InvalidCredential):
        signer.verify(other.issue_subscriber_token("acme", "u1", TEN_MINUTES).token)


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(milliseconds=999), timedelta(seconds=-5)])
def test_no_token_is_issued_when_it_would_not_live_for_a_second(signer: TokenSigner, ttl: timedelta) -> None:
    with pytest.raises(ValueError, match="second"):
        signer.issue_subscriber_token("acme", "u1", ttl)
