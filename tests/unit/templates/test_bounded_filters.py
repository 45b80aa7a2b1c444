"""Filters that cannot make what does not fit."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment
from liquid.exceptions import ResourceLimitError

from infrastructure.templates.bounded_filters import bound_all, strip_html, weight
from infrastructure.templates.limits import MAX_VALUE

FILTERS: dict[str, Callable[..., Any]] = bound_all(Environment().filters.items())
HALF = "a" * (MAX_VALUE // 2)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("append", (HALF, HALF + "b")),
        ("prepend", (HALF, HALF + "b")),
        ("replace", (HALF, "a", "bb")),
        ("replace", ("ab" * 100, "", "b" * 10_000)),
        ("join", ([HALF, HALF], "-")),
        ("join", (["a"] * 9_000, "b" * 1_000)),
        ("concat", ([HALF], [HALF, "b"])),
        ("times", (2**2_100, 2**2_100)),
        ("join", (range(1, 10**10), "-")),
        ("sort", (range(1, 10**30),)),
        ("uniq", ([{}] * 501,)),
        ("escape", ("<" * (MAX_VALUE // 2),)),
        ("split", ("a " * 20_000, " ")),
    ],
)
def test_is_refused_when_the_value_would_not_fit(name: str, arguments: tuple[Any, ...]) -> None:
    environment = {"environment": Environment()} if getattr(FILTERS[name], "with_environment", False) else {}

    with pytest.raises(ResourceLimitError):
        FILTERS[name](*arguments, **environment)


def test_does_what_the_filter_does_when_all_fits() -> None:
    assert FILTERS["append"](HALF, HALF) == HALF + HALF
    assert FILTERS["replace"]("aXbX", "X", "--") == "a--b--"
    assert FILTERS["concat"]([1], [2]) == [1, 2]
    assert FILTERS["uniq"]([1, 1, 2]) == [1, 2]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <b>b</b></p>", "a b"),
        ("a<script>x()</script>b<style>p{}</style>c", "abc"),
        ("a<!-- c -->b", "ab"),
        (None, ""),
        (3, "3"),
        ("1 < 2", "1 "),
    ],
)
def test_html_is_stripped_to_its_text(html: object, expected: str) -> None:
    assert strip_html(html) == expected


def test_stripping_leaves_no_tag_when_tags_are_inside_of_tags() -> None:
    assert "<" not in strip_html("<" * 100_000 + "script" + ">" * 100_000)


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_weight_is_at_least_what_is_written(value: Any) -> None:
    texts = []

    def collect(each: Any) -> None:
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, list):
            list(map(collect, each))
        elif isinstance(each, dict):
            list(map(collect, [*each, *each.values()]))

    collect(value)

    assert weight(value, most=10**9) >= sum(map(len, texts))
