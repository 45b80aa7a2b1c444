"""Texts to values. Each function raises `Unacceptable` with a message that does not repeat the text."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from infrastructure.config.problems import Unacceptable

DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h|d)?", re.ASCII)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
LONGEST_WAIT = 30 * UNITS["d"]
HOST_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?(?::\d{1,5})?", re.ASCII)
PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
LAST_PORT = 65_535
UNLIMITED = 2**31 - 1  # far above any real count, and still a number that needs no special case where it is compared


def words(text: str) -> tuple[str, ...]:
    """`a, b` → `("a", "b")`."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def path(text: str) -> Path:
    """A path, `~` being somebody's home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise Unacceptable("begins with the home of a user who does not exist") from None


def sized(shortest: int, longest: int) -> Callable[[str], str]:
    """Reads a text of so many characters."""

    def read(text: str) -> str:
        if not shortest <= len(text) <= longest:
            raise Unacceptable(f"must be a text of {shortest} to {longest} characters")
        return text

    return read


def matching(pattern: str, expects: str) -> Callable[[str], str]:
    """Reads a text of this form, for keys that may be absent: msgspec knows patterns of plain texts alone."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text):
            raise Unacceptable(f"must be {expects}")
        return text

    return read


def seconds(text: str) -> float:
    """`30`, `1.5s`, `500ms`, `5m`, `2h` or `1d` → seconds."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise Unacceptable("must be a duration such as 30, 1.5s, 500ms, 5m, 2h or 1d")
    return float(match["number"]) * UNITS[match["unit"] or "s"]


def waits(text: str) -> tuple[float, ...]:
    """`5s,5m` → `(5.0, 300.0)`."""
    found = tuple(seconds(word) for word in words(text))
    if not all(0 < wait <= LONGEST_WAIT for wait in found):
        raise Unacceptable("must be durations above 0 and up to 30d")
    return found


def port_numbers(text: str) -> tuple[int, ...]:
    """`80, 443` → `(80, 443)`."""
    if not all(PORT.fullmatch(word) and int(word) <= LAST_PORT for word in words(text)):
        raise Unacceptable("must be port numbers from 1 to 65535, separated by commas")
    return tuple(int(word) for word in words(text))


def count_or_unlimited(text: str) -> int:
    """A whole number; `0` lifts the limit."""
    if not (text.isascii() and text.isdigit()):
        raise Unacceptable("must be a whole number (0 lifts the limit)")
    return int(text[:12]) or UNLIMITED


def cidrs(text: str) -> tuple[str, ...]:
    """Networks in canonical spelling (`10.0.0.0/8`, a single address becomes /32 or /128)."""
    try:
        return tuple(str(ip_network(word)) for word in words(text))
    except ValueError:
        raise Unacceptable("must be networks such as 10.0.0.0/8, without host bits, separated by commas") from None


def http_url(text: str) -> str:
    """An absolute http(s) address without query, fragment and credentials; no slash at its end."""
    parts = split_url(text)
    if parts is None or parts.query or parts.fragment:
        raise Unacceptable("must be an address such as https://notify.example.com")
    return text.rstrip("/")


def origins(text: str) -> tuple[str, ...]:
    """Browser origins (`https://app.example.com`) or `*`."""
    if not all(word == "*" or _is_origin(word) for word in words(text)):
        raise Unacceptable("must be origins such as https://app.example.com, without a path, separated by commas")
    return words(text)


def _is_origin(word: str) -> bool:
    parts = split_url(word)
    return parts is not None and word == f"{parts.scheme}://{parts.netloc}"


def split_url(text: str) -> SplitResult | None:
    """The parts of an http(s) address that names a host and carries no credentials, else None."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port that is no number, a bracket without its pair
        return None
    return parts if usable and parts.scheme in {"http", "https"} else None


def hosts(text: str) -> tuple[str, ...]:
    """Host names as a `Host` header carries them; `*.example.com` stands for every name below."""
    if not all(word == "*" or HOST_NAME.fullmatch(word) for word in words(text)):
        raise Unacceptable("must be host names such as notify.example.com, separated by commas")
    return words(text)
