"""JSON Logic: what the reference implementation answers, for each operator, and what differs from it on purpose."""

from types import MappingProxyType
from typing import Any

import pytest

from domain.workflows.json_logic import evaluate, holds

DATA: dict[str, Any] = {
    "payload": {
        "amount": 120,
        "tags": ["vip", "eu"],
        "items": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 3}],
        "note": "",
        "none": None,
        "a.b": "not reached",
        "zero": 0,
    },
    "subscriber": {"locale": "de-AT", "data": {"plan": "pro"}},
    "actor": None,
    "steps": {"mail": {"status": "sent", "seen": False}},
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"var": "payload.amount"}, 120),
        ({"var": ["payload.amount"]}, 120),
        ({"var": "payload.items.1.sku"}, "b"),
        ({"var": "payload.tags.length"}, 2),
        ({"var": "subscriber.locale.length"}, 5),
        ({"var": "subscriber.locale.0"}, "d"),
        ({"var": "payload.items.-1"}, None),
        ({"var": "payload.items.01"}, None),
        ({"var": "payload.items.9"}, None),
        ({"var": ["payload.colour", "red"]}, "red"),
        ({"var": ["payload.none", "red"]}, None),
        ({"var": "payload.none.deeper"}, None),
        ({"var": "actor.id"}, None),
        ({"var": "payload.a.b"}, None),
        ({"var": {"cat": ["payload.", "amount"]}}, 120),
        ({"var": "payload.amount.x"}, None),
        ({"missing": ["payload.amount", "payload.note", "payload.none", "x"]}, ["payload.note", "payload.none", "x"]),
        ({"missing": "x"}, ["x"]),
        ({"missing": {"merge": ["x", {"if": [True, "y", []]}]}}, ["x", "y"]),
        ({"missing": ["payload.zero"]}, []),
        ({"missing_some": [1, ["payload.amount", "x"]]}, []),
        ({"missing_some": [2, ["payload.amount", "x", "y"]]}, ["x", "y"]),
    ],
)
def test_data_is_read_by_path(rule: Any, value: Any) -> None:
    assert evaluate(rule, DATA) == value


def test_the_whole_data_is_read_when_the_path_is_empty() -> None:
    paths: list[Any] = ["", None, []]

    assert [evaluate({"var": path}, 7) for path in paths] == [7, 7, 7]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"==": [1, "1"]}, True),
        ({"==": [0, False]}, True),
        ({"==": [0, ""]}, True),
        ({"==": [" 12.0 ", 12]}, True),
        ({"==": ["1_0", 10]}, False),
        ({"==": ["nan", "nan"]}, True),
        ({"==": [None, 0]}, False),
        ({"==": [None, False]}, False),
        ({"==": [None, None]}, True),
        ({"==": [{"var": "missing"}, None]}, True),
        ({"==": [["a"], "a"]}, True),
        ({"==": [[1], [1]]}, False),
        ({"==": [{"var": "payload.tags"}, {"var": "payload.tags"}]}, True),
        ({"==": ["true", True]}, False),
        ({"===": [1, 1.0]}, True),
        ({"===": [1, "1"]}, False),
        ({"===": [1, True]}, False),
        ({"===": [0, False]}, False),
        ({"!=": [1, "1"]}, False),
        ({"!==": [1, "1"]}, True),
        ({"<": [1, 2]}, True),
        ({"<": ["10", "9"]}, True),
        ({"<": ["10", 9]}, False),
        ({"<": [1, 2, 3]}, True),
        ({"<": [1, 1, 3]}, False),
        ({"<=": [1, 1, 3]}, True),
        ({"<": [1, 4, 3]}, False),
        ({">": [2, 1]}, True),
        ({">=": [2, 2]}, True),
        ({">": ["x", 1]}, False),
        ({"<": ["x", 1]}, False),
        ({">=": [None, 0]}, True),
        ({"<": [{"-": ["x", 1]}, 5]}, False),
        ({"<": [{"var": "subscriber"}, 5]}, False),
        ({"<": [{"var": "payload.amount"}, 10**400]}, True),
    ],
)
def test_values_compare_as_in_javascript(rule: Any, value: bool) -> None:
    assert evaluate(rule, DATA) is value


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", []])
def test_nothing_and_the_empty_are_false(value: Any) -> None:
    assert not holds({"var": "x"}, {"x": value})
    assert evaluate({"!": [{"var": "x"}]}, {"x": value}) is True


@pytest.mark.parametrize("value", [True, 1, -0.5, "0", "false", [0], [[]], {}, {"a": 0}, MappingProxyType({})])
def test_all_else_is_true(value: Any) -> None:
    assert holds({"var": "x"}, {"x": value})
    assert evaluate({"!!": [{"var": "x"}]}, {"x": value}) is True


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"if": [True, "yes", "no"]}, "yes"),
        ({"if": [0, "a", [], "b", "c"]}, "c"),
        ({"if": [False, "a"]}, None),
        ({"?:": [1, "a", "b"]}, "a"),
        ({"or": [0, "", "a", "b"]}, "a"),
        ({"or": [0, []]}, []),
        ({"and": [1, "a", 0, "b"]}, 0),
        ({"and": [1, "a"]}, "a"),
        ({"!": True}, False),
        ({"!": [[]]}, True),
        ({"!!": ["0"]}, True),
        ({"!!": [{"/": [0, 0]}]}, False),
    ],
)
def test_logic_answers_the_value_that_decides(rule: Any, value: Any) -> None:
    assert evaluate(rule, DATA) == value


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"+": [1, "2", 3.5]}, 6.5),
        ({"+": "3.14"}, 3.14),
        ({"+": ["3 apples", 1]}, 4),
        ({"+": [0.1, 0.2]}, 0.30000000000000004),
        ({"+": [True]}, None),
        ({"+": [None]}, None),
        ({"-": [5, "2"]}, 3),
        ({"-": "5"}, -5),
        ({"-": [True, None]}, 1),
        ({"*": [2, 3, "4"]}, 24),
        ({"*": ["4"]}, 4),
        ({"/": [7, 2]}, 3.5),
        ({"/": [6, 2]}, 3),
        ({"/": [1, 0]}, None),
        ({"/": [0, 0]}, None),
        ({"%": [7, 3]}, 1),
        ({"%": [-7, 3]}, -1),
        ({"%": [7, 0]}, None),
        ({"*": [1e308, 10]}, None),
        ({"+": [10**400]}, None),
        ({"max": [1, "30", 2]}, 30),
        ({"min": [1, -2, True]}, -2),
        ({"max": [1, "x"]}, None),
        ({">": [{"/": [1, 0]}, 10**300]}, True),
    ],
)
def test_numbers_are_calculated_as_floats(rule: Any, value: Any) -> None:
    assert evaluate(rule, DATA) == value


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"map": [{"var": "payload.items"}, {"var": "qty"}]}, [1, 3]),
        ({"map": [{"var": "payload.amount"}, {"var": ""}]}, []),
        ({"filter": [{"var": "payload.items"}, {">": [{"var": "qty"}, 1]}]}, [{"sku": "b", "qty": 3}]),
        (
            {"reduce": [{"var": "payload.items"}, {"+": [{"var": "current.qty"}, {"var": "accumulator"}]}, 0]},
            4,
        ),
        ({"reduce": [None, {"var": "current"}, "start"]}, "start"),
        ({"all": [{"var": "payload.items"}, {">": [{"var": "qty"}, 0]}]}, True),
        ({"all": [[], True]}, False),
        ({"all": [None, True]}, False),
        ({"none": [{"var": "payload.items"}, {"==": [{"var": "sku"}, "z"]}]}, True),
        ({"none": [[], True]}, True),
        ({"some": [{"var": "payload.items"}, {"==": [{"var": "sku"}, "b"]}]}, True),
        ({"some": [[], True]}, False),
        ({"merge": [[1, 2], 3, [[4]]]}, [1, 2, 3, [4]]),
        ({"in": ["vip", {"var": "payload.tags"}]}, True),
        ({"in": [1, [True, "1"]]}, False),
        ({"in": ["AT", {"var": "subscriber.locale"}]}, True),
        ({"in": [2, "123"]}, True),
        ({"in": ["a", None]}, False),
        ({"in": ["", ""]}, False),
        ({"in": ["", "a"]}, True),
        ({"in": [None, "null"]}, False),
        ({"cat": ["a", 1, None, True, 1.0, 2.5, [1, [2, None]]]}, "a1true12.51,2,"),
        (
            {"cat": [1e21, " ", 1e-7, " ", 123456789012345680000, " ", 0.00001]},
            "1e+21 1e-7 123456789012345680000 0.00001",
        ),
        ({"cat": [{"var": "subscriber.data"}]}, "[object Object]"),
        ({"substr": ["jsonlogic", 4]}, "logic"),
        ({"substr": ["jsonlogic", -5]}, "logic"),
        ({"substr": ["jsonlogic", 1, 3]}, "son"),
        ({"substr": ["jsonlogic", 4, -2]}, "log"),
        ({"substr": ["jsonlogic", -99, 4]}, "json"),
        ({"substr": ["jsonlogic", 0, -99]}, ""),
        ({"substr": ["jsonlogic", "x", "y"]}, ""),
        ({"substr": [None, 0, 3]}, ""),
        ({"substr": ["abc", 10**400]}, ""),
    ],
)
def test_lists_and_texts_are_worked_on(rule: Any, value: Any) -> None:
    assert evaluate(rule, DATA) == value


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "text", {}, {"a": 1, "b": 2}, [1, {"a": 1, "b": 2}]])
def test_what_is_no_operation_is_its_own_value(value: Any) -> None:
    assert evaluate(value, DATA) == value


def test_an_operation_is_done_where_it_stands_in_a_list() -> None:
    assert evaluate([1, {"+": [1, 1]}, [{"var": "payload.amount"}]], DATA) == [1, 2, [120]]


def test_only_the_branch_that_is_taken_is_evaluated() -> None:
    dear = {"reduce": [[0] * 200, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1, 2]]}

    assert evaluate({"if": [True, "cheap", dear]}, {}) == "cheap"
    assert holds({"or": [True, dear]}, {})
    assert not holds({"and": [False, dear]}, {})


def test_a_condition_on_an_earlier_step_holds() -> None:
    rule = {"and": [{"==": [{"var": "steps.mail.status"}, "sent"]}, {"!": {"var": "steps.mail.seen"}}]}

    assert holds(rule, DATA)
    assert not holds(rule, {})
