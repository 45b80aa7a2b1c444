"""Lengths of time as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.duration import InvalidDuration, duration_text, read_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1s", timedelta(seconds=1)),
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("365d", timedelta(days=365)),
        ("31536000s", timedelta(days=365)),
        ("007m", timedelta(minutes=7)),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, length: timedelta) -> None:
    assert read_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "10",
        "10 m",
        " 1m",
        "1m\n",
        "1M",
        "1w",
        "-1m",
        "+1m",
        "1.5h",
        "1h30m",
        "PT1H",
        "1e3s",
        "٣m",
        "9" * 5_000 + "s",
    ],
)
def test_it_says_how_to_write_one_when_it_is_none(text: str) -> None:
    with pytest.raises(InvalidDuration) as refused:
        read_duration(text)

    assert refused.value.detail == "is not a duration: write a whole number and s, m, h or d, like 90s or 2h"


@pytest.mark.parametrize("text", ["0s", "0d", "366d", "8761h", "31536001s", "999999999d"])
def test_it_says_the_bounds_when_it_is_too_short_or_too_long(text: str) -> None:
    with pytest.raises(InvalidDuration, match="is not between 1s and 365d"):
        read_duration(text)


@given(st.integers(1, 365 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_was_written_is_read_as_it_was(length: timedelta) -> None:
    assert read_duration(duration_text(length)) == length


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=90), "90s"),
        (timedelta(hours=48), "2d"),
        (timedelta(seconds=1.9), "1s"),
    ],
)
def test_the_largest_unit_without_rest_is_written(length: timedelta, text: str) -> None:
    assert duration_text(length) == text
