"""A place in a stream."""

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """The SSE `id:` of an update: `<epoch>-<seq>`. Another epoch is another history: cursors do not compare across."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Read what a browser sent back; None for anything that this product never wrote."""
        match = _SHAPE.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None
