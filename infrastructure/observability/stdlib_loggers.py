"""Which loggers of libraries are led into ours, and how much of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# They may bring handlers of their own, which would write past the redaction.
_ADOPTED: Final = (
    "alembic", "asyncio", "litestar", "py.warnings", "sqlalchemy", "taskiq", "uvicorn", "uvicorn.asgi", "uvicorn.error",
)  # fmt: skip

# Below warning these write URLs, headers, statements with their values or a line for each frame.
_KEPT_QUIET: Final = (
    "aioboto3", "aiobotocore", "aiokafka", "aiormq", "aiosmtplib", "aiosqlite", "alembic", "asyncio", "asyncpg",
    "boto3", "botocore", "hpack", "httpcore", "httpcore2", "httpx", "httpx2", "multipart", "nats", "python_multipart",
    "s3transfer", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "taskiq", "urllib3",
)  # fmt: skip

# It logs raw paths and queries; the product has an access log of its own.
_SILENCED: Final = ("uvicorn.access",)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerState:
    """What a logger was before it was changed."""

    logger: logging.Logger
    level: int
    propagate: bool
    disabled: bool
    handlers: tuple[logging.Handler, ...]

    @classmethod
    def of(cls, logger: logging.Logger) -> "LoggerState":
        """A snapshot."""
        return cls(
            logger=logger,
            level=logger.level,
            propagate=logger.propagate,
            disabled=logger.disabled,
            handlers=tuple(logger.handlers),
        )

    def restore(self) -> None:
        """As it was."""
        self.logger.setLevel(self.level)
        self.logger.propagate, self.logger.disabled = self.propagate, self.disabled
        self.logger.handlers[:] = self.handlers


def adopt_library_loggers(level: int) -> Sequence[LoggerState]:
    """Leads the loggers of libraries to the root logger, which has `level`. Returns what they were, to be restored."""
    names = sorted({*_ADOPTED, *_KEPT_QUIET, *_SILENCED})
    states = [LoggerState.of(logging.getLogger(name)) for name in names]
    for state in states:
        logger, name = state.logger, state.logger.name
        logger.handlers.clear()
        logger.disabled = name in _SILENCED
        logger.propagate = name not in _SILENCED
        logger.setLevel(logging.NOTSET)
    keep_quiet(level)
    return states


def keep_quiet(level: int) -> None:
    """Hold back those that would say too much below warning, for a root logger of `level`."""
    for name in _KEPT_QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
