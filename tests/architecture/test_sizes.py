"""The table that `make check` prints."""

import pytest

from tests.architecture.sizes import percentile, report


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0), ([7], 0.9, 7), ([1, 2, 3, 4], 0.5, 2), ([5, 1, 3], 0.5, 3), (list(range(1, 11)), 0.9, 9)],
)
def test_percentile_is_the_nearest_rank(values: list[int], share: float, expected: int) -> None:
    assert percentile(values, share) == expected


def test_report_has_both_measures_for_product_and_tests() -> None:
    first_words = [line.split()[:2] for line in report().splitlines()[1:]]

    assert first_words == [["product", "file"], ["product", "function"], ["tests", "file"], ["tests", "function"]]
