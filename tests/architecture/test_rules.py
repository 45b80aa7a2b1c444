"""Every rule holds in the tree, sees the violation planted for it, and lets pass what only looks like one."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from tests.architecture import planted, rules
from tests.architecture.planted.case import Case, Rule
from tests.architecture.rules.wiring import check_use_cases_have_a_provider
from tests.architecture.source import ROOT


def _every_rule() -> list[Rule]:
    modules = [
        importlib.import_module(f"{rules.__name__}.{each.name}") for each in pkgutil.iter_modules(rules.__path__)
    ]
    found = [(module, name) for module in modules for name in vars(module) if name.startswith("check_")]
    return [getattr(module, name) for module, name in found if getattr(module, name).__module__ == module.__name__]


def _every_case() -> list[Case]:
    names = [each.name for each in pkgutil.iter_modules(planted.__path__) if each.name != "case"]
    modules = [importlib.import_module(f"{planted.__name__}.{name}") for name in names]
    return [case for module in modules for case in module.CASES]


RULES = _every_rule()
CASES = _every_case()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("check_"))
def test_tree_keeps_the_rule(rule: Rule) -> None:
    broken = [str(each) for each in rule(ROOT)]

    if broken:
        pytest.fail("\n".join(broken), pytrace=False)


@pytest.mark.parametrize("case", [case for case in CASES if case.where], ids=str)
def test_reports_the_violation_when_it_is_planted(case: Case, tmp_path: Path) -> None:
    found = case.rule(case.write_to(tmp_path))

    expected = [each for each in found if case.where == each.path or str(case.where).startswith(f"{each.path}/")]
    assert any(case.says in each.message for each in expected), found


@pytest.mark.parametrize("case", [case for case in CASES if not case.where], ids=str)
def test_reports_nothing_when_the_tree_only_comes_close(case: Case, tmp_path: Path) -> None:
    assert case.rule(case.write_to(tmp_path)) == []


def test_every_rule_has_a_planted_violation_and_a_near_miss_when_rules_are_listed() -> None:
    assert len(RULES) > 20
    assert {case.rule for case in CASES if case.where} == set(RULES)
    assert {case.rule for case in CASES if not case.where} == set(RULES)


def test_reports_the_missing_container_when_there_is_none(tmp_path: Path) -> None:
    (report,) = check_use_cases_have_a_provider(tmp_path)

    assert report.path == "container.py"
    assert "DeclarativeContainer" in report.message
