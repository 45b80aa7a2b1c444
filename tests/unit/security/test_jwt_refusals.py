"""B-26: every token that is not exactly ours is an invalid credential."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.types import Options

from domain.identity.errors import InvalidCredential
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.security.jwt import JwtTokenSigner
from infrastructure.security.jwt_keys import JwtAlgorithm, JwtKeys
from infrastructure.security.keyring import KeyRing, Purpose

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://notify.example.com"
RING = KeyRing("the-current-secret-of-32-bytes-long!", ("an-older-secret-of-thirty-two-bytes!",))
KEY = RING.keys(Purpose.JWT)[0]
OTHER = KeyRing("a-secret-of-another-installation-!!!!").keys(Purpose.JWT)[0]
HEADER: Mapping[str, object] = {"typ": "at+jwt", "kid": KEY.id}
CLAIMS: Mapping[str, object] = {
    "iss": ISSUER,
    "aud": "carillon",
    "kind": "subscriber",
    "tid": "acme",
    "sub": "u1",
    "iat": AT,
    "nbf": AT,
    "exp": AT + 600,
}
Json = Any  # Any: whatever an attacker writes


def segment(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(signed: bytes, algorithm: str, material: bytes) -> bytes:
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.from_private_bytes(material).sign(signed)
    return hmac.digest(material, signed, sha256)


class Forger:
    """Writes tokens by hand, with the real key unless told otherwise."""

    def __init__(self, algorithm: JwtAlgorithm) -> None:
        self.algorithm = algorithm

    def token(
        self, *, header: Json = None, claims: Json = None, sign_with: str | None = None, material: bytes = KEY.material
    ) -> str:
        """A token whose header and claims are the right ones, updated; or raw bytes in their place."""
        head = raw(header, {"alg": self.algorithm, **HEADER})
        body = raw(claims, CLAIMS)
        signed = f"{segment(head)}.{segment(body)}"
        return f"{signed}.{segment(signature(signed.encode(), sign_with or self.algorithm, material))}"


def raw(change: Json, usual: Mapping[str, object]) -> bytes:
    if isinstance(change, bytes):
        return change
    merged = {**usual, **(change or {})}
    return json.dumps({name: value for name, value in merged.items() if value is not ...}).encode()


def duplicated(name: str, first: Json) -> bytes:
    """The usual claims with `name` twice; the last one is the right one."""
    return b'{"' + name.encode() + b'":' + json.dumps(first).encode() + b"," + raw(None, CLAIMS)[1:]


def public_key() -> bytes:
    return Ed25519PrivateKey.from_private_bytes(KEY.material).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem() -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(KEY.material).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


Forgery = Callable[[Forger], str]
FORGERIES: dict[str, Forgery] = {
    "alg none, no signature": lambda f: f.token(header={"alg": "none"}).rpartition(".")[0] + ".",
    "alg none, signed": lambda f: f.token(header={"alg": "none"}),
    "alg None in another case": lambda f: f.token(header={"alg": "nOnE"}).rpartition(".")[0] + ".",
    "no signature": lambda f: f.token().rpartition(".")[0] + ".",
    "no alg": lambda f: f.token(header={"alg": ...}),
    "alg is a list": lambda f: f.token(header={"alg": [f.algorithm]}),
    "HS256 with the public key": lambda f: f.token(header={"alg": "HS256"}, sign_with="HS256", material=public_key()),
    "HS256 with the public key as PEM": lambda f: f.token(
        header={"alg": "HS256"}, sign_with="HS256", material=public_pem()
    ),
    "HS512 header": lambda f: f.token(header={"alg": "HS512"}),
    "RS256 header": lambda f: f.token(header={"alg": "RS256"}),
    "the algorithm that is not configured": lambda f: Forger("HS256" if f.algorithm == "EdDSA" else "EdDSA").token(),
    "another key under our kid": lambda f: f.token(material=OTHER.material),
    "a kid we do not know": lambda f: f.token(header={"kid": OTHER.id}, material=OTHER.material),
    "kid of another of our keys": lambda f: f.token(header={"kid": RING.keys(Purpose.JWT)[1].id}),
    "kid of another purpose": lambda f: f.token(
        header={"kid": RING.keys(Purpose.CURSOR)[0].id}, material=RING.keys(Purpose.CURSOR)[0].material
    ),
    "kid is a path": lambda f: f.token(header={"kid": "../../../../dev/null"}, material=b"\0" * 32),
    "kid is SQL": lambda f: f.token(header={"kid": "' UNION SELECT 'x' --"}, material=b"x" * 32),
    "kid is a number": lambda f: f.token(header={"kid": 0}),
    "kid is a list": lambda f: f.token(header={"kid": [KEY.id]}),
    "kid is empty": lambda f: f.token(header={"kid": ""}),
    "no kid": lambda f: f.token(header={"kid": ...}),
    "jku": lambda f: f.token(header={"jku": "https://evil.example/keys"}),
    "x5u": lambda f: f.token(header={"x5u": "https://evil.example/cert"}),
    "x5c": lambda f: f.token(header={"x5c": ["MII"]}),
    "jwk": lambda f: f.token(header={"jwk": {"kty": "oct", "k": "eA"}}),
    "crit with an unknown name": lambda f: f.token(header={"crit": ["exp"], "exp": 1}),
    "crit, empty": lambda f: f.token(header={"crit": []}),
    "b64 false": lambda f: f.token(header={"b64": False, "crit": ["b64"]}),
    "zip": lambda f: f.token(header={"zip": "DEF"}),
    "cty": lambda f: f.token(header={"cty": "JWT"}),
    "typ JWT, as an id token has": lambda f: f.token(header={"typ": "JWT"}),
    "no typ": lambda f: f.token(header={"typ": ...}),
    "two algs in the header": lambda f: f.token(
        header=b'{"alg":"none",' + raw(None, {"alg": f.algorithm, **HEADER})[1:]
    ),
    "header is a list": lambda f: f.token(header=b"[]"),
    "header is not UTF-8": lambda f: f.token(header=b'{"alg":"\xff"}'),
    "no exp": lambda f: f.token(claims={"exp": ...}),
    "no nbf": lambda f: f.token(claims={"nbf": ...}),
    "no iat": lambda f: f.token(claims={"iat": ...}),
    "no iss": lambda f: f.token(claims={"iss": ...}),
    "no aud": lambda f: f.token(claims={"aud": ...}),
    "no sub": lambda f: f.token(claims={"sub": ...}),
    "no tid": lambda f: f.token(claims={"tid": ...}),
    "no kind": lambda f: f.token(claims={"kind": ...}),
    "exp is a text": lambda f: f.token(claims={"exp": str(AT + 600)}),
    "exp is a float": lambda f: f.token(claims={"exp": AT + 600.0}),
    "exp is 1e30": lambda f: f.token(claims={"exp": 1e30}),
    "exp is 10**30": lambda f: f.token(claims={"exp": 10**30}),
    "exp has 5,000 digits": lambda f: f.token(claims=b'{"exp":' + b"9" * 5000 + b"," + raw(None, CLAIMS)[1:]),
    "exp is NaN": lambda f: f.token(claims={"exp": float("nan")}),
    "exp is Infinity": lambda f: f.token(claims={"exp": float("inf")}),
    "exp is true": lambda f: f.token(claims={"exp": True}),
    "exp is null": lambda f: f.token(claims={"exp": None}),
    "exp is negative": lambda f: f.token(claims={"exp": -1, "iat": -2, "nbf": -2}),
    "exp is past the leeway": lambda f: f.token(claims={"iat": AT - 600, "nbf": AT - 600, "exp": AT - 60}),
    "exp before iat": lambda f: f.token(claims={"iat": AT + 1, "exp": AT}),
    "nbf in the future": lambda f: f.token(claims={"nbf": AT + 61}),
    "nbf is a text": lambda f: f.token(claims={"nbf": str(AT)}),
    "iat in the future": lambda f: f.token(claims={"iat": AT + 61}),
    "iat is true": lambda f: f.token(claims={"iat": True}),
    "iat is a float": lambda f: f.token(claims={"iat": float(AT)}),
    "iss of someone else": lambda f: f.token(claims={"iss": "https://evil.example"}),
    "iss with a slash more": lambda f: f.token(claims={"iss": ISSUER + "/"}),
    "iss is a list": lambda f: f.token(claims={"iss": [ISSUER]}),
    "aud of someone else": lambda f: f.token(claims={"aud": "other"}),
    "aud is a list": lambda f: f.token(claims={"aud": ["carillon", "other"]}),
    "kind of another token": lambda f: f.token(claims={"kind": "user"}),
    "sub is empty": lambda f: f.token(claims={"sub": ""}),
    "sub is a number": lambda f: f.token(claims={"sub": 1}),
    "tid is empty": lambda f: f.token(claims={"tid": ""}),
    "tid is an object": lambda f: f.token(claims={"tid": {}}),
    "sub twice": lambda f: f.token(claims=duplicated("sub", "u2")),
    "exp twice": lambda f: f.token(claims=duplicated("exp", 1)),
    "claims are a list": lambda f: f.token(claims=b"[]"),
    "claims are not JSON": lambda f: f.token(claims=b"{"),
    "claims in UTF-16": lambda f: f.token(claims=raw(None, CLAIMS).decode().encode("utf-16")),
    "claims nest deeply": lambda f: f.token(claims=b'{"a":' + b"[" * 5000),
    "longer than 8 kB": lambda f: f.token(claims={"note": "x" * 8192}),
    "one megabyte": lambda f: f.token(claims={"note": "x" * 1_000_000}),
    "one megabyte of dots": lambda _: "." * 1_000_000,
    "empty": lambda _: "",
    "two parts": lambda f: f.token().rpartition(".")[0],
    "four parts": lambda f: f.token() + ".x",
    "five parts, as an encrypted token has": lambda f: f.token() + ".x.y",
    "padding": lambda f: f.token() + "=",
    "a line break": lambda f: f.token() + "\n",
    "a space before": lambda f: " " + f.token(),
    "not ASCII": lambda f: f.token() + "é",
    "a lone surrogate": lambda f: f.token() + "\ud800",
    "an API key": lambda _: "crl_" + "0" * 36,
}


@pytest.fixture(params=["HS256", "EdDSA"])
def forger(request: pytest.FixtureRequest) -> Forger:
    return Forger(request.param)


def signer(algorithm: JwtAlgorithm) -> JwtTokenSigner:
    return JwtTokenSigner(JwtKeys(RING, algorithm), ISSUER, FixedClock(NOW))


@pytest.mark.parametrize("change", [{}, {"exp": AT - 59, "iat": AT - 600}, {"nbf": AT + 60}, {"note": "more"}])
def test_a_token_is_believed_when_only_its_right_parts_were_written_by_hand(forger: Forger, change: Json) -> None:
    principal = signer(forger.algorithm).verify(forger.token(claims=change))

    assert (principal.tenant_id, principal.id) == ("acme", "u1")


@pytest.mark.parametrize("name", FORGERIES)
def test_the_credential_is_invalid_when_the_token_is_forged(forger: Forger, name: str) -> None:
    with pytest.raises(InvalidCredential) as refusal:
        signer(forger.algorithm).verify(FORGERIES[name](forger))

    assert refusal.value.detail == "Credential is not valid"


@given(st.sampled_from(["HS256", "EdDSA"]), st.data())
def test_the_credential_is_invalid_when_one_character_of_a_token_changes(
    algorithm: JwtAlgorithm, draw: st.DataObject
) -> None:
    token = signer(algorithm).issue_subscriber_token("acme", "u1", timedelta(minutes=10)).token
    place = draw.draw(st.integers(0, len(token) - 1))
    changed = token[:place] + draw.draw(st.characters()) + token[place + 1 :]
    if changed != token:
        with pytest.raises(InvalidCredential):
            signer(algorithm).verify(changed)


def test_another_implementation_reads_the_token_when_it_is_issued(forger: Forger) -> None:
    token, _ = signer(forger.algorithm).issue_subscriber_token("acme", "u1", timedelta(minutes=10))
    private = Ed25519PrivateKey.from_private_bytes(KEY.material)
    key = private.public_key() if forger.algorithm == "EdDSA" else KEY.material
    unchecked: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}

    assert jwt.decode(token, key, algorithms=[forger.algorithm], audience="carillon", options=unchecked) == CLAIMS
    assert jwt.get_unverified_header(token) == {"alg": forger.algorithm, **HEADER}


@pytest.mark.parametrize("algorithm", ["none", "RS256", "HS512", ""])
def test_keys_are_refused_when_the_algorithm_is_not_offered(algorithm: Any) -> None:
    with pytest.raises(ValueError, match="AUTH_ALGORITHM"):
        JwtKeys(RING, algorithm)
