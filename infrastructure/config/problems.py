"""What can be wrong with a configuration, and how it is reported: all of it at once, never a value."""

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_CODE = 78  # EX_CONFIG of sysexits.h: a supervisor can tell "do not restart, mend the settings" from a crash.


class Unacceptable(ValueError):
    """A value that cannot be used.

    The message continues the sentence "KEY …" and never repeats the value: it may be a secret in the wrong place.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend.

    `keys` are the keys that take part, the first being the one to change; `source` says where its value stands.
    """

    keys: tuple[str, ...]
    message: str
    source: str | None = None

    def __str__(self) -> str:
        where = f" [{self.source}]" if self.source else ""
        return f"{self.keys[0]} {self.message}{where}"


class ConfigurationError(Exception):
    """The process must not start; `problems` holds everything that is wrong, in the order of the documentation."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
