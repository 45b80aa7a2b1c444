"""Dates and numbers as the recipient writes them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from babel import dates, numbers
from liquid.exceptions import FilterArgumentError

from infrastructure.templates.moments import moment_of
from infrastructure.templates.scope import JobContext, JobScope
from infrastructure.templates.strftime import cldr_pattern

STYLES: Final = frozenset({"full", "long", "medium", "short"})
_LONGEST_FORMAT: Final = 64
_LARGEST_EXPONENT: Final = 60
_MOST_DECIMALS: Final = 20
_CURRENCY = re.compile(r"[A-Z]{3}")

# Any: what a template hands to a filter.
Formatter = Callable[[datetime, str, JobScope], str]


def _moment_filter(form: Formatter, default: str) -> Callable[..., Any]:
    """A filter that gives back unchanged what is no moment, as Liquid's own `date` does."""

    def apply(value: Any, format_: object = None, *, context: JobContext, **named: object) -> Any:
        found = moment_of(value, context.job.now, context.job.zone)
        wanted = format_ or named.get("format") or default
        return value if found is None else form(found, _short(wanted), context.job)

    return apply


def _date(moment: datetime, form: str, job: JobScope) -> str:
    if form in STYLES:
        return dates.format_date(moment, form, locale=job.locale)
    return _datetime(moment, form, job)


def _time(moment: datetime, form: str, job: JobScope) -> str:
    if form in STYLES:
        return dates.format_time(moment, form, tzinfo=job.zone, locale=job.locale)
    return _datetime(moment, form, job)


def _datetime(moment: datetime, form: str, job: JobScope) -> str:
    pattern = cldr_pattern(form) if "%" in form else form
    return dates.format_datetime(moment, pattern, tzinfo=job.zone, locale=job.locale)


def _relative(value: Any, *, context: JobContext, **_: object) -> Any:
    """`in 2 hours`, `vor 3 Tagen`."""
    job = context.job
    found = moment_of(value, job.now, job.zone)
    return value if found is None else dates.format_timedelta(found - job.now, add_direction=True, locale=job.locale)


def _number(value: Any, decimals: object = None, *, context: JobContext, **_: object) -> Any:
    found = decimal_of(value)
    if found is None:
        return value
    places = None if decimals is None else _places(decimals)
    pattern = None if places is None else "#,##0" + ("." + "0" * places if places else "")
    return numbers.format_decimal(found, pattern, locale=context.job.locale)


def _percent(value: Any, decimals: object = 0, *, context: JobContext, **_: object) -> Any:
    """Of a share: 0.25 is 25 %."""
    found = decimal_of(value)
    if found is None:
        return value
    places = _places(decimals)
    own = context.job.locale.percent_formats[None].pattern
    pattern = own.replace("#,##0", "#,##0." + "0" * places) if places else own
    return numbers.format_percent(found, pattern, locale=context.job.locale)


def _currency(value: Any, code: object = "EUR", *, context: JobContext, **_: object) -> Any:
    found, name = decimal_of(value), str(code).upper()
    if not _CURRENCY.fullmatch(name):
        raise FilterArgumentError("`currency` takes the three letters of ISO 4217, such as 'EUR'", token=None)
    return value if found is None else numbers.format_currency(found, name, locale=context.job.locale)


def decimal_of(value: object) -> Decimal | None:
    """The number that `value` is or says, unless it is none or has an absurd size."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value)[: _LARGEST_EXPONENT * 2].strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _LARGEST_EXPONENT else None


def _places(value: object) -> int:
    found = decimal_of(value)
    return 0 if found is None else max(0, min(_MOST_DECIMALS, int(found)))


def _short(form: object) -> str:
    text = str(form)
    if len(text) > _LONGEST_FORMAT:
        raise FilterArgumentError(f"a format has at most {_LONGEST_FORMAT} characters", token=None)
    return text


def locale_filters() -> Mapping[str, Callable[..., Any]]:
    """By the names that templates use."""
    found = {
        "date": _moment_filter(_date, "medium"),
        "time": _moment_filter(_time, "short"),
        "datetime": _moment_filter(_datetime, "medium"),
        "relative": _relative,
        "number": _number,
        "percent": _percent,
        "currency": _currency,
    }
    for each in found.values():
        each.with_context = True  # type: ignore[attr-defined]  # By it the library knows who wants the context.
    return found
