"""What can go wrong, in the words of the business.

The categories below are what callers may catch and what the edge maps to a protocol; leaves live beside the rules
they protect. A leaf's docstring is its message.

    CarillonError
    ├── InvalidInput      the request can be read but not accepted
    ├── NotFound          no such thing, or not yours
    ├── Conflict          it contradicts what is already there
    ├── Unauthenticated   no credential, or not a valid one
    ├── Forbidden         a valid credential that may not do this
    ├── TooMany           a limit was reached
    ├── Unavailable       a part that is needed is not there now
    └── TimedOut          it took longer than it may
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field; `path` is in wire spelling, e.g. `to[0].email`."""

    path: str
    message: str


class CarillonError(Exception):
    """Something went wrong"""

    code: ClassVar[str] = "system.internal"

    def __init__(self, detail: str | None = None, *, problems: Sequence[FieldProblem] = ()) -> None:
        self.title = (type(self).__doc__ or "").split("\n", 1)[0].rstrip(".")
        self.detail = detail or self.title
        self.problems = tuple(problems)
        super().__init__(self.detail)


class InvalidInput(CarillonError):
    """Request is invalid"""

    code = "request.invalid"


class NotFound(CarillonError):
    """Not found"""

    code = "request.not_found"


class Conflict(CarillonError):
    """Conflict"""

    code = "request.conflict"


class Unauthenticated(CarillonError):
    """Credential is missing"""

    code = "auth.missing_credential"


class Forbidden(CarillonError):
    """Not allowed"""

    code = "auth.insufficient_scope"


class TooMany(CarillonError):
    """Too many requests"""

    code = "rate_limit.exceeded"

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class Unavailable(CarillonError):
    """Temporarily unavailable"""

    code = "system.unavailable"

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class TimedOut(CarillonError):
    """Took too long"""

    code = "system.timeout"
