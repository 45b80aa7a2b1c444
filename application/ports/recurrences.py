"""When recurring things come next."""

# One adapter: when a rule fires follows from the rule and from the IANA database; a second answer would be a wrong one.

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.schedules.recurrence import Recurrence
from domain.shared.errors import FieldProblem


class Recurrences(Protocol):
    """Cron expressions, intervals and calendars, in the wall time of a zone. Both methods compute and wait for
    nothing; the answer depends on the arguments alone.
    """

    def next_after(self, recurrence: Recurrence, after: datetime) -> datetime | None:
        """The first time strictly later than `after` (aware), in UTC; None when there is none.

        A wall time that the zone's clocks jump over fires once, at the jump; one that comes twice fires the first time.
        Only a cron expression whose minute or hour begins with a star follows the elapsed time: it leaves out what the
        clock leaves out and repeats what the clock repeats. `startsAt` and `endsAt` are both included; `count` is not
        looked at: whoever stores what fires asks `Recurrence.spent`. A recurrence with problems never fires.
        """
        ...

    def problems_of(self, recurrence: Recurrence, at: str = "") -> Sequence[FieldProblem]:
        """What is wrong with a recurrence that could be read, by path below `at` in wire spelling.

        A cron expression has exactly five fields: no seconds, no `@every`; and something has to come at all, which
        `0 0 30 2 *` never does.
        """
        ...
