"""Which drivers other packages bring; a look at what is installed, that imports nothing of it."""

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

GROUP = "carillon.drivers"
# As settings spell drivers. What is named otherwise cannot be chosen.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


def brought_drivers() -> Sequence[str]:
    """The names that settings may choose besides those served here, each once."""
    return sorted({entry.name for entry in entry_points(group=GROUP) if NAME.fullmatch(entry.name)})


def entries_of(driver: str) -> Sequence[EntryPoint]:
    """Who brings a driver of this name; more than one is one too many."""
    return [entry for entry in entry_points(group=GROUP) if entry.name == driver]
