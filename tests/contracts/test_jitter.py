"""Jitter, over every adapter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.jitter import Jitter
from infrastructure.memory.fixed_jitter import NoJitter
from infrastructure.system.jitter import RandomJitter


@pytest.mark.parametrize("jitter", [RandomJitter(), NoJitter()])
@given(value=st.floats(0, 1e6), ratio=st.floats(0, 1))
def test_a_value_stays_within_the_ratio_when_spread(jitter: Jitter, value: float, ratio: float) -> None:
    assert abs(jitter.spread(value, ratio) - value) <= value * ratio + 1e-6


def test_values_fill_both_sides_when_spread_by_chance() -> None:
    drawn = sorted(RandomJitter().spread(300.0, 2 / 3) for _ in range(1_000))

    assert drawn[0] < 120
    assert drawn[-1] > 480
    assert 250 < drawn[500] < 350
