"""Free JSON that can be stored everywhere."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.json import MAX_DEPTH, problem_with, problem_with_text

SOUND = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
BROKEN = st.tuples(SOUND, st.sampled_from(["\x00", "\ud800", "\udfff"]), SOUND).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | SOUND
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SOUND, inner, max_size=4))


def nested(leaf: Any, depth: int) -> Any:  # Any: free JSON
    """`leaf` within so many lists and objects."""
    for level in range(depth):
        leaf = [leaf] if level % 2 else {"k": leaf}
    return leaf


@given(VALUES)
def test_there_is_no_problem_when_json_is_sound(value: Any) -> None:
    assert problem_with(value) is None
    json.dumps(value).encode()


@given(VALUES, BROKEN, st.integers(0, 10), st.booleans())
def test_a_broken_text_is_found_when_it_is_anywhere(value: Any, text: str, depth: int, as_key: bool) -> None:
    hidden = nested({text: value} if as_key else [value, text], depth)
    assert problem_with(hidden) in {"contains a NUL character", "contains a lone surrogate"}


@pytest.mark.parametrize("leaf", [1, "text", None])
def test_the_limit_is_32_levels_when_json_is_deep(leaf: Any) -> None:
    assert MAX_DEPTH == 32
    assert problem_with(nested(leaf, 32)) is None
    assert problem_with(nested(leaf, 33)) == "is nested deeper than 32 levels"
    assert problem_with(nested(leaf, 10_000)) == "is nested deeper than 32 levels"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", None),
        ("a🙂é\n\t", None),
        ("a\x00b", "contains a NUL character"),
        ("\ud83d", "contains a lone surrogate"),
        ("\ud83d\ude42", "contains a lone surrogate"),
        ("\udfff\x00", "contains a NUL character"),
    ],
)
def test_what_is_wrong_is_said_when_a_text_cannot_be_stored(text: str, problem: str | None) -> None:
    assert problem_with_text(text) == problem
