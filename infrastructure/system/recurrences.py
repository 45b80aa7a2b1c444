"""Recurrences, with cron expressions read by cronsim."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

from application.ports.recurrences import Recurrences
from domain.schedules.next_fire import next_fire
from domain.schedules.recurrence import Cron, Recurrence
from domain.shared.errors import FieldProblem
from domain.shared.reading import path_to

_FIELDS: Final = 5
# Where looking for the first time begins for a recurrence that does not say when it starts.
_PAST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_INSTANT: Final = timedelta(microseconds=1)


class CronsimRecurrences(Recurrences):
    """See the port. cronsim is asked for wall times only: with a zone, what it answers in the hour that a clock shows
    twice may lie before the time it was asked about.
    """

    def next_after(self, recurrence: Recurrence, after: datetime) -> datetime | None:
        return next_fire(recurrence, after, _walls)

    def problems_of(self, recurrence: Recurrence, at: str = "") -> Sequence[FieldProblem]:
        if isinstance(recurrence.rule, Cron) and (words := _problem_with(recurrence.rule.expression)):
            return [FieldProblem(path_to(at, "cron"), words)]
        begin = recurrence.starts_at - _INSTANT if recurrence.starts_at is not None else _PAST
        if self.next_after(recurrence, begin) is None:
            return [FieldProblem(at, "never comes")]
        return []


def _problem_with(expression: str) -> str | None:
    if len(expression.split()) != _FIELDS:
        return "is not a cron expression of five fields: minute, hour, day of the month, month, day of the week"
    try:
        CronSim(expression, _PAST)
    except CronSimError as error:
        return f"is not a cron expression: {str(error).lower()}"
    return None


def _walls(expression: str, after: datetime) -> Iterator[datetime]:
    if _problem_with(expression):
        return iter(())
    return CronSim(expression, after)
