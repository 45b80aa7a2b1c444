"""Server-sent events: what a stream may cost and how long it lives."""

from typing import Annotated

from infrastructure.config.parsers import count_or_unlimited, seconds
from infrastructure.config.section import Section, key


class SseSettings(Section, frozen=True, kw_only=True):
    """Streams to browsers"""

    ping_interval: Annotated[
        float,
        key(
            "SSE_PING_INTERVAL",
            "A comment keeps proxies from closing a quiet stream; the strictest close after 30 s.",
            parse=seconds,
            ge=0.1,
            le=60,
        ),
    ] = 15.0
    retry_interval_ms: Annotated[
        int,
        key(
            "SSE_RETRY_INTERVAL",
            "Milliseconds before a browser reconnects, spread by two thirds so that a restart is no stampede.",
            ge=100,
            le=300_000,
        ),
    ] = 3_000
    max_connections: Annotated[
        int,
        key(
            "SSE_MAX_CONNECTIONS",
            "Streams per process, some ten kilobytes each; 0 lifts the limit.",
            parse=count_or_unlimited,
        ),
    ] = 10_000
    max_per_subscriber: Annotated[
        int,
        key(
            "SSE_MAX_PER_SUBSCRIBER",
            "Streams of one person per process: a few tabs and devices, no loop of a broken page; 0 lifts the limit.",
            parse=count_or_unlimited,
        ),
    ] = 10
    replay_size: Annotated[
        int, key("SSE_REPLAY_SIZE", "Events kept per stream for those who return.", ge=10, le=1_000_000)
    ] = 10_000
    replay_days: Annotated[
        int, key("SSE_REPLAY_DAYS", "Days that events are kept: a week covers a holiday's first look.", ge=1, le=365)
    ] = 7
    backlog: Annotated[
        int,
        key(
            "SSE_BACKLOG",
            "Events that may wait for one slow reader, who is disconnected beyond and replays when it returns.",
            ge=10,
            le=100_000,
        ),
    ] = 1_000
    backlog_bytes: Annotated[
        int, key("SSE_BACKLOG_BYTES", "The same in bytes, for large events.", ge=16_384, le=67_108_864)
    ] = 1_048_576
    send_timeout: Annotated[
        float,
        key("SSE_SEND_TIMEOUT", "A reader that takes nothing for so long is gone.", parse=seconds, ge=0.1, le=120),
    ] = 10.0
    max_age: Annotated[
        float,
        key(
            "SSE_MAX_AGE",
            "A stream is closed after about this long and reopens elsewhere: load levels out after a deployment.",
            parse=seconds,
            ge=1,
            le=86_400,
        ),
    ] = 600.0
    recheck_interval: Annotated[
        float,
        key(
            "SSE_RECHECK_INTERVAL",
            "How often an open stream's right to exist is looked up: the longest a revoked one lives on.",
            parse=seconds,
            ge=0.1,
            le=300,
        ),
    ] = 30.0
