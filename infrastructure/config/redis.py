"""Where Redis is, for whatever is told to use it."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, urlsplit

from infrastructure.config.database_url import password_hidden
from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import Section, key

SCHEMES = ("redis", "rediss", "unix")
# Others would reach the client behind the product's back: with a deadline of one's own a call could wait for ever.
OPTIONS = frozenset({"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})
EXPECTS = "redis://, rediss:// or unix:// address"
PREFIX = r"^[a-z][a-z0-9_-]{0,31}$"
PREFIX_EXPECTS = "1 to 32 lower-case letters, digits, - or _, a letter first"


def redis_url(text: str) -> str:
    """The address as it is, if the client can use it."""
    try:
        parts = urlsplit(text)
        trouble = next(_troubles(parts, text), None)
    except ValueError:
        trouble = "is no address"
    if trouble:
        raise Unacceptable(trouble)
    return text


def _troubles(parts: SplitResult, text: str) -> Iterator[str]:
    if parts.scheme not in SCHEMES or any(letter.isspace() for letter in text):
        yield "must be an address such as redis://:password@host:6379/0"
    elif parts.scheme == "unix":
        if not parts.path.strip("/"):
            yield "must name a socket: unix:///run/redis.sock"
    else:
        # Reading the port is what refuses one that is no number.
        if not parts.hostname or parts.port == 0:
            yield "must name a host"
        if parts.path.strip("/") and not _is_number(parts.path[1:]):
            yield "must have the number of a database for its path, or none"
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if options.keys() - OPTIONS:
        yield f"must not carry options but {', '.join(sorted(OPTIONS))}: deadlines are the product's"
    if not _is_number(options.get("db", "0")):
        yield "must have a number for db"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


class RedisSettings(Section, frozen=True, kw_only=True):
    """Redis"""

    url: Annotated[
        str,
        key(
            "REDIS_URL",
            "Of the server that every driver named redis uses, unless it has an address of its own.",
            parse=redis_url,
            expects=EXPECTS,
            default="redis://127.0.0.1:6379/0",
            mask=password_hidden,
        ),
    ]
