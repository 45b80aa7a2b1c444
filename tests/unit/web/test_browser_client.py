"""The browser's side of the protocol, run by Node's own test runner against a simulated server."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITES = sorted(HERE.glob("*.test.mjs"))
OLDEST_NODE = (18, 19)
READS_MODULES_BY_ITSELF = (20, 19)  # ES modules in .js files without a package.json
HAS_CUSTOM_EVENT = (19, 0)


def node_version() -> tuple[int, int]:
    if shutil.which("node") is None:
        return (0, 0)
    text = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor, *_ = text.removeprefix("v").split(".")
    return int(major), int(minor)


def flags(version: tuple[int, int]) -> list[str]:
    """What an older Node is told, so that it understands what a browser does."""
    needed = [] if version >= READS_MODULES_BY_ITSELF else ["--experimental-default-type=module"]
    return needed if version >= HAS_CUSTOM_EVENT else [*needed, "--experimental-global-customevent"]


@pytest.mark.browser
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name.removesuffix(".test.mjs"))
def test_client_keeps_its_promises(suite: Path) -> None:
    version = node_version()
    if version < OLDEST_NODE:
        pytest.skip("needs Node 18.19 or later on the PATH")
    command = ["node", *flags(version), "--test", "--test-reporter=spec", str(suite)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
