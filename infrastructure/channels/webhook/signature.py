"""Signatures of Standard Webhooks 1.0, scheme `v1` (HMAC-SHA256)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"


def signing_keys(secrets: str) -> Sequence[bytes]:
    """The keys in `secrets`: `whsec_` and base64, with or without padding; several, while one is rotated, by spaces.

    ValueError, which does not quote the secret, when one is no base64 or empty.
    """
    return tuple(_key(secret) for secret in secrets.split())


def signature_header(keys: Sequence[bytes], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,…` for each key."""
    signed = b".".join((message_id.encode("ascii"), str(timestamp).encode("ascii"), body))
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join("v1," + base64.b64encode(digest).decode("ascii") for digest in digests)


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a webhook secret is whsec_ followed by base64")
    return key
