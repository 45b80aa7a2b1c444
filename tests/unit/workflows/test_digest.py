"""When a digest opens and closes, and what its templates see."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.workflows.digest import DigestAction, DigestDecision, DigestSettings, DigestView, DigestWindow, digest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = DigestSettings(window=timedelta(hours=1))
CALM = DigestSettings(window=timedelta(hours=1), look_back=timedelta(minutes=5))
DAILY = DigestSettings(cron="0 9 * * *", timezone="Europe/Berlin", window=timedelta(hours=1))


def never(after: datetime) -> datetime | None:
    return None


def at_nine(after: datetime) -> datetime | None:
    return after.replace(hour=9, minute=0) + timedelta(days=after.hour >= 9)


def later(**by: float) -> datetime:
    return NOON + timedelta(**by)


def window(first: datetime, closes: datetime, *, last: datetime | None = None, count: int = 1) -> DigestWindow:
    return DigestWindow(first_at=first, last_at=last or first, closes_at=closes, count=count)


def test_a_window_opens_with_the_first_event_when_nothing_is_stored() -> None:
    assert digest(HOURLY, None, NOON, never) == DigestDecision(
        action=DigestAction.OPEN, window=window(NOON, later(hours=1))
    )


def test_an_event_joins_and_closes_nothing_later_when_a_window_is_open() -> None:
    decision = digest(HOURLY, window(NOON, later(hours=1)), later(minutes=59), never)

    assert decision.action is DigestAction.JOIN
    assert decision.window == window(NOON, later(hours=1), last=later(minutes=59), count=2)


@pytest.mark.parametrize("minutes", [60, 90])
def test_another_window_opens_when_the_last_one_has_closed(minutes: int) -> None:
    decision = digest(HOURLY, window(NOON, later(hours=1), count=7), later(minutes=minutes), never)

    assert decision.action is DigestAction.OPEN
    assert decision.window == window(later(minutes=minutes), later(minutes=minutes + 60))


def test_an_event_that_comes_out_of_order_joins_without_turning_time_back() -> None:
    stored = window(NOON, later(hours=1), last=later(minutes=30), count=2)

    assert digest(HOURLY, stored, later(minutes=10), never).window.last_at == later(minutes=30)


def test_an_event_is_sent_at_once_when_nothing_came_in_the_time_looked_back_on() -> None:
    first = digest(CALM, None, NOON, never)
    second = digest(CALM, first.window, later(minutes=5), never)

    assert first == DigestDecision(action=DigestAction.SEND, window=window(NOON, NOON))
    assert second == DigestDecision(action=DigestAction.SEND, window=window(later(minutes=5), later(minutes=5)))


def test_a_window_opens_when_another_event_came_in_the_time_looked_back_on() -> None:
    first = digest(CALM, None, NOON, never)
    second = digest(CALM, first.window, later(minutes=4), never)
    third = digest(CALM, second.window, later(minutes=50), never)

    assert second == DigestDecision(action=DigestAction.OPEN, window=window(later(minutes=4), later(minutes=64)))
    assert third.action is DigestAction.JOIN


def test_it_looks_back_on_the_last_event_when_a_window_has_closed() -> None:
    stored = window(NOON, later(hours=1), last=later(minutes=59), count=9)

    assert digest(CALM, stored, later(minutes=63), never).action is DigestAction.OPEN
    assert digest(CALM, stored, later(minutes=64), never).action is DigestAction.SEND


def test_a_window_closes_when_the_cron_line_says_so() -> None:
    assert digest(DAILY, None, NOON, at_nine).window.closes_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "next_after"), [(DAILY, never), (DAILY, lambda after: after), (DigestSettings(), never)]
)
def test_an_event_is_sent_at_once_when_no_window_would_ever_close(settings: DigestSettings, next_after: object) -> None:
    assert callable(next_after)
    assert digest(settings, None, NOON, next_after).action is DigestAction.SEND


def test_a_view_counts_all_and_shows_the_first_when_there_are_more_than_it_may_show() -> None:
    payloads = [{"n": number} for number in range(4)]
    stored = window(NOON, later(hours=1), last=later(minutes=5), count=7)

    view = DigestView.of(stored, payloads, DigestSettings(window=timedelta(hours=1), max_items=3))

    assert view.as_json() == {
        "count": 7,
        "items": [{"n": 0}, {"n": 1}, {"n": 2}],
        "firstAt": "2026-03-01T12:00:00.000Z",
        "lastAt": "2026-03-01T12:05:00.000Z",
    }


@given(st.lists(st.integers(0, 120), min_size=1, max_size=60), st.sampled_from([HOURLY, CALM]))
def test_every_event_is_sent_or_counted_in_one_window_whatever_their_times(
    gaps: list[int], settings: DigestSettings
) -> None:
    stored, now, closed, sent = None, NOON, 0, 0
    for gap in gaps:
        now += timedelta(minutes=gap)
        decision = digest(settings, stored, now, never)
        if decision.action is DigestAction.SEND:
            sent += 1
        if decision.action is not DigestAction.JOIN and stored is not None and stored.closes_at > stored.first_at:
            closed += stored.count
        stored = decision.window
        assert stored.first_at <= stored.last_at <= now
    assert stored is not None
    last = stored.count if stored.closes_at > stored.first_at else 0

    assert sent + closed + last == len(gaps)
