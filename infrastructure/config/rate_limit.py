"""How much of us one caller may use."""

import re
from typing import Annotated

from msgspec import Struct

from infrastructure.config import drivers
from infrastructure.config.parsers import UNITS
from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import Section, key

POLICY = re.compile(r"(?P<limit>\d{1,9})\s*/\s*(?P<count>\d{0,5})(?P<unit>s|m|h|d|second|minute|hour|day)s?", re.ASCII)
EXPECTS = "a number per window, such as 100/hour, 20/second or 50/10s"


class Policy(Struct, frozen=True):
    """`limit` requests in a window of `window` seconds."""

    limit: int
    window: float

    def __str__(self) -> str:
        names = {1.0: "second", 60.0: "minute", 3_600.0: "hour", 86_400.0: "day"}
        return f"{self.limit}/{names.get(self.window) or f'{self.window:g}s'}"


def policy(text: str) -> Policy:
    """`100/hour` → 100 requests in 3,600 seconds."""
    match = POLICY.fullmatch(text.lower())
    limit = int(match["limit"]) if match else 0
    window = int(match["count"] or 1) * UNITS[match["unit"][0]] if match else 0.0
    if not (limit and window):
        raise Unacceptable(f"must be {EXPECTS}")
    return Policy(limit, window)


class RateLimitSettings(Section, frozen=True, kw_only=True):
    """Rate limits"""

    enabled: Annotated[bool, key("ENABLE_RATE_LIMITING", "Benchmarks switch it off; nobody else should.")] = True
    default_anonymous: Annotated[
        Policy,
        key(
            "RATE_LIMIT_DEFAULT",
            "Per address without a credential: enough to read the documentation, too little to guess keys.",
            parse=policy,
            expects=EXPECTS,
            live=True,
        ),
    ] = Policy(100, 3_600.0)
    subscriber: Annotated[
        Policy,
        key(
            "RATE_LIMIT_SUBSCRIBER",
            "Per subscriber: a quick hand and a few tabs.",
            parse=policy,
            expects=EXPECTS,
            live=True,
        ),
    ] = Policy(20, 1.0)
    api_key: Annotated[
        Policy,
        key(
            "RATE_LIMIT_API_KEY",
            "Per key: a backend in a hurry, not one in a loop.",
            parse=policy,
            expects=EXPECTS,
            live=True,
        ),
    ] = Policy(1_000, 1.0)
    store: Annotated[
        str,
        key(
            "RATE_LIMIT_STORE",
            "Where counts are kept; memory counts per process.",
            parse=drivers.RATE_LIMIT,
            expects=drivers.RATE_LIMIT.names,
        ),
    ] = "memory"
    max_keys: Annotated[
        int,
        key(
            "RATE_LIMIT_MAX_KEYS",
            "Callers that are remembered at once: a flood of addresses fills 20 MB, not the machine.",
            ge=1_000,
            le=10_000_000,
        ),
    ] = 100_000
