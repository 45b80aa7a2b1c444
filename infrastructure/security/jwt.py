"""Bearer tokens as JSON Web Tokens (RFC 7519, RFC 8725; type `at+jwt` of RFC 9068)."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import jwt

from application.ports.clock import Clock
from application.ports.token_signer import IssuedToken, TokenSigner
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal, PrincipalKind
from infrastructure.security.jwt_claims import AUDIENCE, SUBSCRIBER, Claims
from infrastructure.security.jwt_keys import JwtKeys
from infrastructure.security.strict_json import read_object, write_object


class JwtTokenSigner(TokenSigner):
    """Signs and verifies with `keys`; `issuer` is both what is written and the only one that is believed.

    The library's own checks of claims are not used: they read the machine's clock, take floats and texts for times, and
    let the last of two equal names win.
    """

    def __init__(self, keys: JwtKeys, issuer: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    def issue_subscriber_token(self, tenant_id: str, subscriber_id: str, ttl: timedelta) -> IssuedToken:
        issued = int(self._clock.now().timestamp())
        ends = issued + int(ttl.total_seconds())
        if ends <= issued:
            raise ValueError("a token lives for a second at least")
        claims = Claims(
            iss=self._issuer,
            aud=AUDIENCE,
            kind=SUBSCRIBER,
            tid=tenant_id,
            sub=subscriber_id,
            iat=issued,
            nbf=issued,
            exp=ends,
        )
        return IssuedToken(self._keys.sign(write_object(asdict(claims))), datetime.fromtimestamp(ends, UTC))

    def verify(self, token: str) -> Principal:
        try:
            claims = Claims.read(read_object(self._keys.verified_payload(token)))
            claims.check(self._issuer, self._clock.now().timestamp())
        except (ValueError, jwt.PyJWTError) as reason:
            raise InvalidCredential from reason
        return Principal(
            kind=PrincipalKind.SUBSCRIBER,
            tenant_id=claims.tid,
            id=claims.sub,
            expires_at=datetime.fromtimestamp(claims.exp, UTC),
            issued_at=datetime.fromtimestamp(claims.iat, UTC),
        )
