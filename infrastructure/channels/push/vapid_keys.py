"""The key pair by which push services know this installation (VAPID, RFC 8292), in the usual base64url."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infrastructure.channels.push import base64url

_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class VapidKeys:
    """`public_key` is what browsers subscribe with (`applicationServerKey`); `private_key` never leaves the server."""

    public_key: str
    private_key: str = field(repr=False)


def vapid_keys() -> VapidKeys:
    """A new pair. With another one, every subscription made with the old public key is lost."""
    key = generate_private_key(SECP256R1())
    number = key.private_numbers().private_value
    return VapidKeys(public_key=public_key_of(key), private_key=base64url.encode(number.to_bytes(_LENGTH, "big")))


def loaded_private_key(text: str) -> PrivateKey:
    """ValueError, which does not quote it, for anything but the 32 bytes of a P-256 key in base64url."""
    try:
        number = base64url.decode(text.strip().rstrip("="))
        if len(number) == _LENGTH:
            return derive_private_key(int.from_bytes(number, "big"), SECP256R1())
    except ValueError:
        pass
    raise ValueError("the VAPID private key is not 32 bytes of base64url")


def public_key_of(key: PrivateKey) -> str:
    """The uncompressed point in base64url."""
    return base64url.encode(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
