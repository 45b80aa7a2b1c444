"""Medians, ratios and what is said about them."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.bench.rounds import Contestant, Figures, Results, percentile, take_turns, verdict

OURS: list[Figures] = [{"x": 10.0}, {"x": 2.0}, {"x": 9.0}]
PEER: list[Figures] = [{"x": 20.0}, {"x": 8.0}, {"x": 10.0}]


def counting(numbers: Iterator[int]) -> Contestant:
    """Reaches one more than whoever was asked before."""

    async def turn() -> Figures:
        return {"x": float(next(numbers))}

    return turn


async def test_everyone_has_a_turn_in_each_round_when_several_compete() -> None:
    numbers = count()
    results = await take_turns({"ours": counting(numbers), "peer": counting(numbers)}, rounds=2)
    assert results.rounds == {"ours": [{"x": 0.0}, {"x": 2.0}], "peer": [{"x": 1.0}, {"x": 3.0}]}


def test_ratio_is_that_of_a_round_when_rounds_differ() -> None:
    # Of the medians it would be 0.9.
    assert Results({"ours": OURS, "peer": PEER}).ratio("ours", "peer", "x") == 0.5


def test_table_leaves_a_figure_out_when_a_contestant_has_none() -> None:
    table = Results({"ours": [{"x": 1.5}], "peer": [{"y": 2.0}]}).table({"x": "{:.1f}"})
    assert [line.split()[-1] for line in table.splitlines()] == ["x", "1.5", "-"]


@pytest.mark.parametrize(("ratio", "missed"), [(0.49, True), (0.5, False), (0.51, False)])
def test_verdict_says_missed_when_a_ratio_is_below_its_aim(ratio: float, missed: bool) -> None:
    assert ("missed" in verdict("ours / peer", ratio, at_least=0.5)) is missed
    assert ("missed" in verdict("ours / peer", -ratio, at_most=-0.5)) is missed


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5.0), (0.99, 10.0), (0.1, 1.0), (0.0, 1.0)])
def test_percentile_is_one_of_the_values_when_there_are_ten(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(10, 0, -1)], share) == expected


def test_percentile_is_zero_when_there_are_no_values() -> None:
    assert percentile([], 0.5) == 0.0
