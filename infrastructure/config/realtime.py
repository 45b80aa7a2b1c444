"""Hints between processes that a stream has something new."""

from pathlib import Path
from typing import Annotated

from infrastructure.config import drivers
from infrastructure.config.database_url import password_hidden
from infrastructure.config.redis import EXPECTS, PREFIX, PREFIX_EXPECTS, redis_url
from infrastructure.config.section import Section, key


class RealtimeSettings(Section, frozen=True, kw_only=True):
    """Stream hints"""

    driver: Annotated[
        str,
        key(
            "REALTIME_DRIVER",
            "What tells other processes that a stream has something new; memory reaches one process alone.",
            parse=drivers.REALTIME,
            expects=drivers.REALTIME.names,
        ),
    ] = "file"
    streams_dir: Annotated[
        Path, key("STREAMS_DIR", "Folder of the one file that the file driver touches.", default="<DATA_DIR>/streams")
    ]
    redis_url: Annotated[
        str,
        key(
            "REALTIME_REDIS_URL",
            "The redis driver's own server; while it is away, open streams look for themselves each 2 s.",
            parse=redis_url,
            expects=EXPECTS,
            default="<REDIS_URL>",
            mask=password_hidden,
        ),
    ]
    prefix: Annotated[
        str,
        key(
            "REALTIME_PREFIX",
            "Keeps two installations apart that share a Redis: its channels know no databases.",
            pattern=PREFIX,
            expects=PREFIX_EXPECTS,
        ),
    ] = "app"
