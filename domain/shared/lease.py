"""A worker's temporary right to a row, and what a row is suspected of when its worker dies."""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """`token` fences: a completion that carries another token than the row changes nothing."""

    owner: str
    token: int


class Suspicion(IntEnum):
    """How far a row is suspected of killing the worker that runs it."""

    NONE = 0
    GROUP = 1
    FEW = 2
    ALONE = 3


# How many are taken over together when the group they were in has crashed. Whatever kills workers from outside makes
# suspects of all that they held: alone, the 70 rows of one worker would take as long as 70 sends.
FEW_ROWS = 8

# Crashes while nothing else was in flight: then it was this row, not a neighbour.
POISON_CRASHES = 3


def after_crash(suspicion: Suspicion, crashes: int) -> tuple[Suspicion, int]:
    """Suspicion and solo crashes of a row whose worker died: first suspected with its group, then with a few of it,
    then alone, then counted.
    """
    if suspicion is Suspicion.ALONE:
        return suspicion, crashes + 1
    return Suspicion(suspicion + 1), crashes


def together(suspicion: Suspicion, limit: int) -> int:
    """How many rows of one suspicion are taken over at once, by a worker that may have `limit` in flight."""
    match suspicion:
        case Suspicion.NONE:
            return limit
        case Suspicion.GROUP:
            return min(limit, FEW_ROWS)
        case _:
            return 1


def poisonous(crashes: int) -> bool:
    """Whether a row has killed enough workers while it ran alone."""
    return crashes >= POISON_CRASHES
