"""Logging, the first thing to start and the last to stop."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal, Protocol

from infrastructure.observability.logging_runtime import LoggingOptions, LoggingRuntime, start_logging


class LogChoices(Protocol):
    """What the settings say about logging."""

    @property
    def level(self) -> str: ...
    @property
    def format(self) -> Literal["console", "json"]: ...
    @property
    def sinks(self) -> Collection[str]: ...
    @property
    def dir(self) -> Path: ...
    @property
    def max_bytes(self) -> int: ...
    @property
    def backup_count(self) -> int: ...
    @property
    def redact_keys(self) -> Collection[str]: ...


def configure_logging(choices: LogChoices, env: str) -> LoggingRuntime:
    """Start logging as the settings say; the caller stops it. Litestar's and uvicorn's own must be off (None).

    Raises ValueError for a sink nobody knows, OSError when the log file cannot be opened.
    """
    return start_logging(
        LoggingOptions(
            env=env,
            level=choices.level,
            line_format=choices.format,
            sinks=tuple(sorted(choices.sinks)),
            directory=choices.dir,
            max_bytes=choices.max_bytes,
            backup_count=choices.backup_count,
            redact_keys=tuple(choices.redact_keys),
        )
    )
