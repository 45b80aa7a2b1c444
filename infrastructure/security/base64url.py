"""Base64url without padding (RFC 4648 5) in its one canonical spelling."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Without `=`."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes `encode` made `text` of; ValueError for every other spelling of them.

    The standard decoder skips foreign characters and ignores left-over bits, so that one signed text would have
    many accepted spellings.
    """
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data
