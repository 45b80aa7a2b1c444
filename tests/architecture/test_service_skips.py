"""Skips of service tests, with and without REQUIRE_SERVICES."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SUITE = """
import pytest

@pytest.mark.service
def test_needs_redis():
    pytest.skip("redis-server is not installed")

@pytest.mark.browser
@pytest.mark.skipif(True, reason="no Chromium")
def test_needs_chromium(): ...

def test_other_platform():
    pytest.skip("only on another platform")

@pytest.mark.service
@pytest.mark.xfail(reason="known", strict=True)
def test_known():
    raise AssertionError
"""
MODULE = 'import pytest\npytest.importorskip("a_driver_that_is_not_there")\n'


def _run(folder: Path, suite: str, require: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(suite)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    service\n    browser\n")
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "tests.architecture.service_skips", str(folder)]
    environment = {**os.environ, "REQUIRE_SERVICES": require, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


def test_skips_fail_when_services_are_required(tmp_path: Path) -> None:
    result = _run(tmp_path, SUITE, "1")

    assert result.returncode == 1
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in result.stdout
    assert "REQUIRE_SERVICES is set" in result.stdout
    assert "redis-server is not installed" in result.stdout


@pytest.mark.parametrize("require", ["", "0"])
def test_skips_stay_skips_when_services_are_not_required(require: str, tmp_path: Path) -> None:
    result = _run(tmp_path, SUITE, require)

    assert result.returncode == 0
    assert "3 skipped, 1 xfailed" in result.stdout


def test_a_skipped_module_fails_when_services_are_required(tmp_path: Path) -> None:
    assert _run(tmp_path, MODULE, "1").returncode == 2
    assert _run(tmp_path, MODULE, "0").returncode == 5
