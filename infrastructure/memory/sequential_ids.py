"""Identifiers that a test can foresee."""

from itertools import count
from typing import Final
from uuid import UUID

from application.ports.ids import Ids

# 2026-01-01T00:00:00Z in Unix milliseconds, then the version and variant bits of RFC 9562.
_FIRST: Final = (1_767_225_600_000 << 80) | (7 << 76) | (0b10 << 62)


class SequentialIds(Ids):
    """`019b76da-a800-7000-8000-000000000001` and so on: version 7, all of one millisecond."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> UUID:
        return UUID(int=_FIRST + next(self._numbers))
