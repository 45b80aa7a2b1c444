"""Secrets, tokens and the first administrator."""

from typing import Annotated, Literal

from infrastructure.config.credentials import api_key, login_address, long_secret, long_secrets
from infrastructure.config.parsers import seconds, sized
from infrastructure.config.section import Section, hidden, key


class AuthSettings(Section, frozen=True, kw_only=True):
    """Secrets, tokens and the first administrator"""

    secret: Annotated[
        str,
        key(
            "AUTH_SECRET",
            "Signing, encryption and cursor keys derive from it; at least 32 bytes.",
            parse=long_secret,
            depends="made at first start under <DATA_DIR>/secrets on an embedded database; required on any other",
            mask=hidden,
            expects="a text of 32 bytes or more",
        ),
    ]
    secret_previous: Annotated[
        tuple[str, ...],
        key(
            "AUTH_SECRET_PREVIOUS",
            "Secrets that still verify and decrypt while AUTH_SECRET is rotated, newest first.",
            parse=long_secrets,
            expects="up to three of them, separated by commas",
            mask=hidden,
            max_length=3,  # each one is tried for every foreign token
        ),
    ] = ()
    issuer: Annotated[
        str, key("AUTH_ISSUER", "`iss` of our tokens; another one's are refused.", min_length=1, max_length=200)
    ] = "carillon"
    algorithm: Annotated[
        Literal["HS256", "HS384", "HS512"],
        key("AUTH_ALGORITHM", "The one algorithm that is signed with and accepted (RFC 8725, 3.1)."),
    ] = "HS256"
    subscriber_token_ttl: Annotated[
        int,
        key(
            "AUTH_SUBSCRIBER_TOKEN_TTL",
            "Life of a browser's token; long enough for a visit, and a stream outlives no token.",
            parse=seconds,
            ge=60,
            le=86_400,
        ),
    ] = 3_600
    ticket_ttl: Annotated[
        int,
        key(
            "AUTH_TICKET_TTL",
            "Life of a single-use stream ticket; it stands in a URL, so only as long as a slow page load.",
            parse=seconds,
            ge=5,
            le=300,
        ),
    ] = 30
    admin_email: Annotated[
        str,
        key(
            "ADMIN_EMAIL",
            "Address of the administrator that the first start creates.",
            parse=login_address,
            expects="an e-mail address of at most 254 characters",
        ),
    ] = "admin@example.com"
    admin_password: Annotated[
        str | None,
        key(
            "ADMIN_PASSWORD",
            "The administrator's password; generated and printed once when not set.",
            # NIST SP 800-63B asks for 8 or 15, as it stands alone or not; argon2 of a megabyte would stop a server.
            parse=sized(12, 1_024),
            expects="12 to 1,024 characters",
            mask=hidden,
        ),
    ] = None
    bootstrap_api_key: Annotated[
        str | None,
        key(
            "BOOTSTRAP_API_KEY",
            "The first API key; generated and printed once when not set.",
            parse=api_key,
            expects="crl_ and 36 letters and digits",
            mask=hidden,
        ),
    ] = None
