"""Patterns of payload schemas: the same texts match as with `re`, in steps that grow with pattern and text alone."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.system.schemas.pattern_syntax import PatternRefused
from infrastructure.system.schemas.patterns import MAX_STATES, Pattern

CHARACTERS = st.sampled_from(["a", "b", "c", "1", " ", "_", "-"])
ATOMS = st.sampled_from(
    ["a", "b", "1", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\W", r"\w", r"\s", r"\b", r"\B", "^", "$"]
)


def _repeated(pair: tuple[str, str]) -> str:
    atom, sign = pair
    return atom if atom in {"^", "$", r"\b", r"\B"} else atom + sign


def _grown(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.lists(parts, min_size=1, max_size=4).map("".join)
    groups = st.lists(joined, min_size=1, max_size=3).map(lambda branches: f"(?:{'|'.join(branches)})")
    signs = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{1,}"])
    return joined | st.tuples(groups, signs).map("".join)


PATTERNS = st.recursive(
    st.tuples(ATOMS, st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,2}"])).map(_repeated), _grown, max_leaves=8
)


def found(pattern: str, text: str, spend: Callable[[int], None] = lambda steps: None) -> bool:
    return Pattern(pattern).found_in(text, spend)


# Python's `\B` does not match the empty text, everyone else's does.
@given(PATTERNS, st.text(CHARACTERS, min_size=1, max_size=12))
def test_the_same_texts_match_as_with_backtracking(pattern: str, text: str) -> None:
    assert found(pattern, text) == (re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None)


@given(PATTERNS, st.text(CHARACTERS, max_size=40))
def test_steps_are_at_most_states_times_characters(pattern: str, text: str) -> None:
    steps: list[int] = []
    found(pattern, text, steps.append)

    assert len(steps) <= len(text) + 1
    assert all(each <= MAX_STATES for each in steps)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(a?){40}a{40}$", "((a*)*)*$", "(.*)*x"])
def test_steps_double_when_the_text_does_though_ways_to_fit_are_without_number(pattern: str) -> None:
    counts = []
    for length in (500, 1_000, 2_000):
        steps: list[int] = []
        found(pattern, "a" * length + "!", steps.append)
        counts.append(sum(steps))

    assert counts[1] <= 2.1 * counts[0]
    assert counts[2] <= 2.1 * counts[1]


def test_it_stops_when_nothing_may_be_spent_any_more() -> None:
    def spend(steps: int) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        found("b", "a", spend)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "order-shipped-2", True),
        ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "order--shipped", False),
        (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "ann@example.org", True),
        (r"^\+[1-9]\d{6,14}$", "+491701234567", True),
        (r"^\d$", "٣", False),
        (r"^\p{L}+$", "Straße", True),
        (r"^\p{Letter}\P{Lu}$", "ÄA", False),
        (r"^\u00e9\x41\u{1F600}$", "éA\U0001f600", True),
        ("^.$", "\U0001f600", True),
        ("^.$", "\n", False),
        ("^a$", "a\n", False),
        (r"^[\]\-\\^]$", "-", True),
        ("^[a-]$", "-", True),
        ("^[^]$", "a", True),
        ("[]", "a", False),
        (r"^[\b]$", "\b", True),
        (r"^\cJ$", "\n", True),
        ("^{a}$", "{a}", True),
        ("^(?<year>[0-9]{4})$", "2026", True),
        ("", "", True),
        ("a||b", "", True),
        (r"^\s$", "\u00a0", True),
        (r"^\w$", "é", False),
    ],
)
def test_patterns_are_those_of_the_standard(pattern: str, text: str, matches: bool) -> None:
    assert found(pattern, text) is matches


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(a)\\1", "back-reference"),
        (r"(?<x>a)\k<x>", "back-reference"),
        ("(?=a)", "look-around"),
        ("(?<!a)b", "look-around"),
        ("(?i)a", "look-around or a flag"),
        ("(?P<x>a)", "look-around or a flag"),
        ("*a", "repeats nothing"),
        ("a**", "repeats what cannot be repeated"),
        ("a{2}{3}", "repeats nothing"),
        ("^*", "repeats what cannot be repeated"),
        ("a++", "repeats what cannot be repeated"),
        ("(a", "without its )"),
        ("a)", "without its ("),
        ("[a", "without its ]"),
        ("[z-a]", "range that is none"),
        (r"[\d-z]", "range that is none"),
        ("a{3,2}", "from more to less"),
        ("a{1001}", "counts beyond 1,000"),
        ("(a{50}){50}", "too large"),
        ("((){999}){999}", "too large"),
        ("\\", "means nothing"),
        (r"\Z", "means nothing"),
        (r"\p{Xx}", "no general category"),
        (r"\u{110000}", "beyond the last character"),
        ("a" * 1_001, "longer than 1,000 characters"),
    ],
)
def test_a_pattern_is_refused_with_the_reason_when_it_is_none_or_not_linear(pattern: str, words: str) -> None:
    with pytest.raises(PatternRefused, match=re.escape(words)):
        Pattern(pattern)


@given(st.text(st.sampled_from(list("ab1()[]{}|*+?^$.\\-,<>=!:pukdbx0")), max_size=25), st.text(CHARACTERS, max_size=5))
def test_nothing_but_a_refusal_is_raised_when_a_pattern_is_any_text(pattern: str, text: str) -> None:
    with suppress(PatternRefused):
        Pattern(pattern).found_in(text, lambda steps: None)
