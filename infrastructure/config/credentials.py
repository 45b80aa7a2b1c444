"""Shapes of the credentials that a configuration may hold."""

import re
from base64 import b64decode
from binascii import Error

from domain.identity.api_key import PATTERN, parse
from domain.identity.user import login_name
from infrastructure.config.problems import Unacceptable

# A SHA-256 of output keyed with less than 32 bytes is only as strong as the key (RFC 7518, 3.2, for HS256).
SECRET_BYTES = 32
# Fewer different bytes than this in 32 is a pattern, not chance: even hexadecimal noise has about 14.
DIFFERENT_BYTES = 8
# Words of texts that stand in examples and tests, hence in everybody's hands.
PLACEHOLDERS = ("change-me", "changeme", "change_me", "placeholder", "insecure", "example", "your-secret", "0123456789")

# RFC 5321, 4.5.3.1; letters may be of any script.
LONGEST_ADDRESS = 254
ADDRESS = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*")

# What the Standard Webhooks specification allows.
WEBHOOK_SECRET_BYTES = (24, 64)


def long_secret(text: str) -> str:
    """A secret that keys are derived from."""
    if len(text.encode()) < SECRET_BYTES:
        raise Unacceptable(f"must be at least {SECRET_BYTES} bytes long; `openssl rand -base64 48` prints one")
    return text


def long_secrets(text: str) -> tuple[str, ...]:
    """Several of them, separated by commas."""
    return tuple(long_secret(part.strip()) for part in text.split(",") if part.strip())


def is_guessable(secret: str) -> bool:
    """True for a secret that is long enough and still no secret: a repeated pattern or a well-known text."""
    lower = secret.lower()
    return len(set(secret.encode())) < DIFFERENT_BYTES or any(word in lower for word in PLACEHOLDERS)


def login_address(text: str) -> str:
    """An e-mail address that somebody can log in with; names of private networks (`root@localhost`) are fine."""
    # Its normal form is what is stored, and may be longer.
    if max(len(text), len(login_name(text))) > LONGEST_ADDRESS or not ADDRESS.fullmatch(text):
        raise Unacceptable(f"must be an e-mail address of at most {LONGEST_ADDRESS} characters")
    return text


def api_key(text: str) -> str:
    """`crl_`, 30 base62 characters and the CRC-32 of those in 6 base62 digits."""
    if PATTERN.fullmatch(text) is None:
        raise Unacceptable("must be crl_ and 36 letters and digits; `python -m app keys new` prints one")
    if parse(text) is None:
        raise Unacceptable("has a wrong checksum, so some of it is mistyped or cut off")
    return text


def webhook_secret(text: str) -> str:
    """`whsec_` and the Base64 of 24 to 64 bytes, as Standard Webhooks has it."""
    try:
        length = len(b64decode(text.removeprefix("whsec_"), validate=True)) if text.startswith("whsec_") else 0
    except Error:
        length = 0
    shortest, longest = WEBHOOK_SECRET_BYTES
    if not shortest <= length <= longest:
        raise Unacceptable(f"must be whsec_ and the Base64 of {shortest} to {longest} random bytes")
    return text
