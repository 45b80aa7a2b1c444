"""What deliveries show of a contact point."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.shared.json import JsonObject
from domain.subscribers.endpoint_state import (
    LONGEST_FAILURE,
    after_round,
    points_without_state,
    switched_off,
    without_state,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINT: JsonObject = {"url": "https://example.org/hook", "secret": "sealed"}
FAILING: JsonObject = {**POINT, "failingSince": "2026-03-01T12:00:00.000Z"}


def failed(point: JsonObject, at: datetime) -> JsonObject:
    return after_round(point, ok=False, gone=False, now=at)


def test_it_is_switched_off_at_once_when_it_says_that_it_is_gone() -> None:
    off = after_round(POINT, ok=False, gone=True, now=NOW)

    assert switched_off(off)
    assert off == {**POINT, "disabledAt": "2026-03-01T12:00:00.000Z", "disabledReason": "gone"}


def test_it_is_switched_off_when_it_has_failed_for_five_days_without_a_success() -> None:
    point = failed(POINT, NOW)
    assert point == FAILING
    assert failed(point, NOW + LONGEST_FAILURE - timedelta(seconds=1)) is point

    off = failed(point, NOW + LONGEST_FAILURE)
    assert switched_off(off)
    assert (off["disabledReason"], off["failingSince"]) == ("failing", "2026-03-01T12:00:00.000Z")


def test_the_five_days_begin_anew_when_it_succeeds_meanwhile() -> None:
    well = after_round(FAILING, ok=True, gone=False, now=NOW + timedelta(days=4))
    assert well == POINT
    later = NOW + timedelta(days=6)
    assert failed(well, later) == {**POINT, "failingSince": "2026-03-07T12:00:00.000Z"}


@pytest.mark.parametrize(("ok", "gone"), [(True, False), (False, False), (False, True)])
def test_nothing_changes_when_it_is_switched_off_already(ok: bool, gone: bool) -> None:
    off = after_round(POINT, ok=False, gone=True, now=NOW)
    assert after_round(off, ok=ok, gone=gone, now=NOW + timedelta(days=9)) is off


def test_nothing_changes_when_a_healthy_one_succeeds() -> None:
    assert after_round(POINT, ok=True, gone=False, now=NOW) is POINT


def test_the_state_is_gone_when_the_point_is_taken_as_its_owner_set_it() -> None:
    off = after_round(FAILING, ok=False, gone=True, now=NOW)
    assert without_state(off) == POINT
    assert points_without_state({"webhook": off, "telegram": None}) == {"webhook": POINT, "telegram": None}
