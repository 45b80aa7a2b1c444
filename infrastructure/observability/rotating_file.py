"""Log files with a bounded size."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path


class RotatingLogFile(RotatingFileHandler):
    """`RotatingFileHandler` that several processes of one machine may share, and that lets write errors out.

    Before each line it looks whether the path still leads to the open file: if another process rotated it, this one
    follows instead of writing into, and later rotating away, a backup.
    """

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the name is logging's
        if self.stream is not None and not _leads_to(self.baseFilename, self.stream.fileno()):
            self.stream.close()
            self.stream = None  # opened again by the next line, also if it cannot be now
        return bool(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        raise  # noqa: PLE0704 - logging calls this inside its except block


class LineStream(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """`StreamHandler` that lets write errors out."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        raise  # noqa: PLE0704 - logging calls this inside its except block


def _leads_to(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
