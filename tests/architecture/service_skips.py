"""A pytest plugin: where every service must be there (REQUIRE_SERVICES=1), a skipped service test is a failure.

Else a suite that silently lost its database would still be green. `make test` loads it.
"""

import os
from collections.abc import Generator

import pytest

MARKS = ("service", "browser")


def _required() -> bool:
    return os.environ.get("REQUIRE_SERVICES", "0") not in {"", "0", "false"}


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"REQUIRE_SERVICES is set, and this was about to be skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge one phase of one test."""
    report = yield
    needs_a_service = any(item.get_closest_marker(mark) for mark in MARKS)
    if report.skipped and needs_a_service and not hasattr(report, "wasxfail") and _required():
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module skipped as a whole hides its marks: where services are required nothing may hide."""
    report = yield
    if report.skipped and _required():
        _fail(report)
    return report
