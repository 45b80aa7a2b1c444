"""Logging: how much, in which shape, to where."""

from pathlib import Path
from typing import Annotated, Literal

from infrastructure.config import drivers
from infrastructure.config.parsers import words
from infrastructure.config.section import Section, key

# Names people know from other loggers.
LEVELS = {"verbose": "debug", "log": "info", "warn": "warning", "fatal": "critical"}


def read_level(text: str) -> str:
    """A level in our spelling; other loggers' names are understood."""
    return LEVELS.get(text.lower(), text.lower())


def read_sinks(text: str) -> frozenset[str]:
    """`console,file`, or `none`."""
    return frozenset() if text.lower() == "none" else frozenset(map(drivers.LOG_SINKS, words(text)))


class LogSettings(Section, frozen=True, kw_only=True):
    """Logging"""

    level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        key("LOG_LEVEL", "Least severe lines that are written.", parse=read_level, live=True),
    ] = "info"
    format: Annotated[
        Literal["console", "json"],
        key("LOG_FORMAT", "console is for eyes, json for collectors.", depends="by APP_ENV"),
    ] = "console"
    sinks: Annotated[
        frozenset[str],
        key(
            "LOG_SINKS",
            "Where lines go; none is silence.",
            parse=read_sinks,
            expects=f"{drivers.LOG_SINKS.names}, both or none",
            depends="by APP_ENV",
        ),
    ] = frozenset({"console"})
    dir: Annotated[Path, key("LOG_DIR", "Folder of the file sink.", default="<DATA_DIR>/logs")]
    max_bytes: Annotated[
        int, key("LOG_MAX_BYTES", "A log file of 5 MiB still opens in any editor.", ge=65_536, le=1_073_741_824)
    ] = 5_242_880
    backup_count: Annotated[
        int, key("LOG_BACKUP_COUNT", "Older files that are kept: 30 MiB in all.", ge=1, le=1_000)
    ] = 5
    redact_keys: Annotated[
        tuple[str, ...],
        key(
            "LOG_REDACT_KEYS",
            "More field names whose values never reach a log; passwords, tokens and the like never do anyway.",
            parse=words,
        ),
    ] = ()
