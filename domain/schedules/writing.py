"""Recurrences as JSON: stored and answered in this form."""

from domain.schedules.calendar import WEEKDAYS, Calendar
from domain.schedules.recurrence import Cron, Interval, Recurrence, Rule
from domain.shared.duration import duration_text
from domain.shared.json import JsonValue
from domain.shared.local_time import time_of_day_text
from domain.shared.moment import wire_time


def recurrence_json(recurrence: Recurrence) -> dict[str, JsonValue]:
    """What `read_recurrence` reads."""
    ends = {"startsAt": recurrence.starts_at, "endsAt": recurrence.ends_at}
    return {
        **_rule_json(recurrence.rule),
        "timezone": recurrence.timezone,
        **{name: wire_time(moment) for name, moment in ends.items() if moment is not None},
        **({"count": recurrence.count} if recurrence.count is not None else {}),
    }


def _rule_json(rule: Rule) -> dict[str, JsonValue]:
    match rule:
        case Cron(expression=expression):
            return {"cron": expression}
        case Interval(every=every):
            return {"every": duration_text(every)}
        case Calendar():
            return {"calendar": _calendar_json(rule)}


def _calendar_json(rule: Calendar) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {"frequency": rule.frequency.value, "interval": rule.interval}
    if rule.days:
        fields["days"] = [WEEKDAYS[day] for day in rule.days]
    if rule.day_of_month is not None:
        fields["dayOfMonth"] = rule.day_of_month
    if rule.month is not None:
        fields["month"] = rule.month
    return {**fields, "times": [time_of_day_text(minutes) for minutes in rule.times]}
