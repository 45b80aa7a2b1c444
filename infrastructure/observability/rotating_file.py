"""Log files with a bounded size."""

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path


class RotatingLogFile(RotatingFileHandler):
    """`RotatingFileHandler` that several processes of one machine may share, and that lets write errors out.

    Before each line it looks whether the path still leads to the open file: if another process rotated it, this one
    follows instead of writing into, and later rotating away, a backup.
    """

    # Not the inherited way: it formats each line twice, and asks the system five times before it writes one.
    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record) + self.terminator
        if not self._has_room(len(line.encode())):
            self.doRollover()
        if self.stream is None:
            self.stream = self._open()
        self.stream.write(line)
        self.stream.flush()

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        self._opened = os.fstat(stream.fileno())
        return stream

    def _has_room(self, size: int) -> bool:
        found = _status(self.baseFilename)
        if self.stream is not None and (found is None or not os.path.samestat(found, self._opened)):
            self.stream.close()
            self.stream = None  # opened again by the next line, also if it cannot be now
        return not self.maxBytes or found is None or found.st_size == 0 or found.st_size + size < self.maxBytes


class LineStream(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """`StreamHandler` that lets write errors out."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        raise  # noqa: PLE0704 - logging calls this inside its except block


def _status(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None
