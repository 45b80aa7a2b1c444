"""What the product says about its own work."""

from typing import Protocol


class Log(Protocol):
    """Structured lines: a stable dotted `event` that does not vary with the data, and fields that do.

    Never raises and never waits for a disk or a terminal, whatever the fields hold. Fields of the current
    `TraceContext` are added; fields given here win over them. Secrets, message bodies and contact points are removed
    on the way out, yet callers do not pass them on purpose. `level`, `logger` and `timestamp` are not for callers.
    """

    def debug(self, event: str, /, **fields: object) -> None:
        """For whoever debugs; off in production."""
        ...

    def info(self, event: str, /, **fields: object) -> None:
        """The ordinary course of things."""
        ...

    def warning(self, event: str, /, **fields: object) -> None:
        """Something failed and was coped with."""
        ...

    def error(self, event: str, /, **fields: object) -> None:
        """Something failed and was not coped with; someone should look."""
        ...

    def critical(self, event: str, /, **fields: object) -> None:
        """The process cannot go on."""
        ...

    def exception(self, event: str, exc: BaseException, /, **fields: object) -> None:
        """`error` with the type and the traceback of `exc`, its causes included."""
        ...
