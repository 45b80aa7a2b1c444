"""JSON Logic of strangers: whatever the rule and the data, it answers or says that it costs too much."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.workflows.json_logic import ARGUMENTS, MAX_VALUES, condition_problems, evaluate, holds
from domain.workflows.json_logic_values import MAX_DEPTH, ConditionTooCostly

TEXTS = st.sampled_from(
    ["", "a", "b.c", "1", "list", "list.1", "current", "accumulator", "x y", " 2.5", "1e400", "\ud800"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | TEXTS | st.text(max_size=4)
JSON = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=4) | st.dictionaries(TEXTS, each, max_size=3), max_leaves=8
)


@st.composite
def operations(draw: st.DrawFn, arguments: st.SearchStrategy[Any]) -> Any:
    """One operator with as many arguments as it takes."""
    name = draw(st.sampled_from(sorted(ARGUMENTS)))
    least, most = ARGUMENTS[name]
    given_ = draw(st.lists(arguments, min_size=least, max_size=min(most, least + 2)))
    return {name: given_[0] if len(given_) == 1 and not isinstance(given_[0], list) and draw(st.booleans()) else given_}


RULES = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=3) | operations(each) | operations(each), max_leaves=12
)


@given(RULES, JSON)
def test_a_rule_without_problems_answers_json_or_costs_too_much(rule: Any, data: Any) -> None:
    assert list(condition_problems(rule)) == []
    try:
        json.dumps(evaluate(rule, data), allow_nan=False)
        holds(rule, data)
    except ConditionTooCostly:
        return


@given(JSON, JSON)
def test_a_rule_with_problems_answers_too_when_it_is_evaluated_all_the_same(rule: Any, data: Any) -> None:
    assert isinstance(holds(rule, data), bool)


@given(RULES, JSON)
def test_a_double_negation_is_the_truth_of_the_rule(rule: Any, data: Any) -> None:
    try:
        assert evaluate({"!": [{"!": [rule]}]}, data) is holds(rule, data)
        assert evaluate({"!!": [rule]}, data) is holds(rule, data)
    except ConditionTooCostly:
        return


@given(st.lists(RULES, min_size=1, max_size=4), JSON)
def test_and_is_the_dual_of_or(rules: list[Any], data: Any) -> None:
    denied = [{"!": [rule]} for rule in rules]
    try:
        assert holds({"!": [{"and": rules}]}, data) == holds({"or": denied}, data)
        assert holds({"!": [{"or": rules}]}, data) == holds({"and": denied}, data)
    except ConditionTooCostly:
        return


@given(RULES, JSON)
def test_the_rule_and_the_data_are_as_they_were_when_it_was_evaluated(rule: Any, data: Any) -> None:
    before = repr((rule, data))
    with suppress(ConditionTooCostly):
        evaluate(rule, data)
    assert repr((rule, data)) == before


def nested(levels: int) -> Any:
    rule: Any = True
    for _ in range(levels):
        rule = {"!": rule}
    return rule


def doubled(times: int, by: str) -> Any:
    both = [{"var": "accumulator"}, {"var": "accumulator"}]
    return {"reduce": [[0] * times, {by: both} if by else both, "ab"]}


@pytest.mark.parametrize(
    ("rule", "data", "words"),
    [
        ({"map": [{"var": ""}, {"+": [1, 1]}]}, [0] * 6_000, "more than 10,000 operations"),
        (
            {"reduce": [{"var": ""}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]},
            [1] * 4_000,
            "more than 10,000",
        ),
        (doubled(30, "cat"), None, "a text of more than 64 kB"),
        (doubled(60, "merge"), None, "more than 10,000 operations"),
        ({"cat": [doubled(30, "")]}, None, "more than 10,000 operations"),
        (doubled(60, ""), None, "nested deeper than 50 levels"),
        (doubled(40, ""), None, "more than 10,000 operations"),
        ({"cat": [doubled(60, "")]}, None, "nested deeper than 50 levels"),
        ({"cat": [{"var": ""}]}, "x" * 65_537, "a text of more than 64 kB"),
        ({"cat": [{"var": ""}]}, "é" * 40_000, "a text of more than 64 kB"),
        ({"map": [{"var": "l"}, {"in": ["b", {"var": ""}]}]}, {"l": ["a" * 64_000] * 1_000}, "more than 10,000"),
        (nested(MAX_DEPTH + 1), None, "nested deeper than 50 levels"),
    ],
)
def test_it_costs_too_much_when_it_would_grow_without_bound(rule: Any, data: Any, words: str) -> None:
    with pytest.raises(ConditionTooCostly, match=words) as refused:
        evaluate(rule, data)
    assert refused.value.code == "workflows.condition_too_costly"


def test_ordinary_lists_are_within_the_bounds() -> None:
    orders = [{"qty": number} for number in range(1_000)]

    assert holds(
        {"some": [{"var": ""}, {"and": [{">": [{"var": "qty"}, 998]}, {"<": [{"var": "qty"}, 1_000]}]}]}, orders
    )
    assert holds({"in": [49_999, {"var": ""}]}, list(range(50_000)))
    assert evaluate(nested(MAX_DEPTH), None) is True


@pytest.mark.parametrize(
    "rule", [True, None, "text", {"var": "a"}, {"and": [{"==": [1, 1]}, {"!": {"var": "x"}}]}, [], nested(MAX_DEPTH)]
)
def test_nothing_is_wrong_when_a_rule_can_be_evaluated(rule: Any) -> None:
    assert list(condition_problems(rule)) == []


@pytest.mark.parametrize(
    ("rule", "problems"),
    [
        ({"equals": [1, 1]}, [("equals", "is no operator")]),
        ({"log": "x"}, [("log", "is no operator")]),
        ({}, [("", "has 0 operators where one belongs: join conditions by and")]),
        ({"==": [1, 1], "!=": [1, 2]}, [("", "has 2 operators where one belongs: join conditions by and")]),
        ({"==": [1]}, [("==", "takes 2 arguments, not 1")]),
        ({"!": [1, 2]}, [("!", "takes 1 argument, not 2")]),
        ({"<": [1]}, [("<", "takes 2 to 3 arguments, not 1")]),
        ({"if": [1]}, [("if", "takes at least 2 arguments, not 1")]),
        ({"or": []}, [("or", "takes at least 1 argument, not 0")]),
        (
            {"and": [{"=": [1, 1]}, {"some": [{"var": "l"}, {"!": [{"is": 1}]}]}, {"var": [1, 2, 3]}]},
            [
                ("and[0].=", "is no operator"),
                ("and[1].some[1].![0].is", "is no operator"),
                ("and[2].var", "takes 0 to 2 arguments, not 3"),
            ],
        ),
        ({"!": {"nope": 1}}, [("!.nope", "is no operator")]),
        (nested(MAX_DEPTH + 1), [(".".join("!" * MAX_DEPTH), "is nested deeper than 50 levels")]),
        ({"in": ["a", [1] * MAX_VALUES]}, [("", "is larger than 2,000 values or 64 kB")]),
        ({"in": ["a", "x" * 70_000]}, [("", "is larger than 2,000 values or 64 kB")]),
    ],
)
def test_it_says_what_and_where_when_a_rule_is_refused(rule: Any, problems: list[tuple[str, str]]) -> None:
    assert list(condition_problems(rule)) == problems


def test_a_rule_of_any_depth_is_refused_and_not_followed() -> None:
    assert [words for _, words in condition_problems(nested(50_000))] == ["is nested deeper than 50 levels"]


def test_a_bounded_number_of_problems_is_told_when_a_rule_has_many() -> None:
    assert len(list(condition_problems({"or": [{"nope": 1}] * 50_000}))) <= MAX_VALUES + 5
