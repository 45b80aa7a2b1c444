"""How secrets that are looked up are kept."""

from hashlib import sha256


def digest_of(secret: str) -> str:
    """SHA-256 in hex, for API keys and tickets: enough for at least 128 random bits, never for passwords."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
