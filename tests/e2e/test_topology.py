"""E2E_TOPOLOGY alone decides on what the end-to-end tests run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import topology
from tests.e2e.members import children
from tests.e2e.processes import ROOT, Installation
from tests.servers import postgres, redis

# One of each kind: over the container, over processes, and all of it from a request to an e-mail and a stream.
REPRESENTATIVE = (
    "tests/e2e/http/test_flows.py",
    "tests/e2e/test_failover.py",
    "tests/e2e/test_first_start.py::test_nobody_is_logged_out_when_the_process_starts_again",
    "tests/e2e/test_topology.py::test_installation_is_made_of_what_the_environment_says",
)
SECONDS = 180.0


async def test_installation_is_made_of_what_the_environment_says(tmp_path: Path) -> None:
    scaled = topology.chosen() == topology.SCALED
    async with Installation(tmp_path) as installation:
        app = await installation.start()
        servers, printed = children(app), app.output
        files = {each.name for each in installation.data_dir.glob("*")}
        await app.kill()
        await app.start()
        code = await app.stop()

    assert (len(servers), code) == (2 if scaled else 0, 0)
    said = {part: printed.count(f"Carillon {part} is ready") for part in ("worker", "scheduler")}
    assert said == ({"worker": 2, "scheduler": 1} if scaled else {"worker": 0, "scheduler": 0})
    assert ("carillon.db" in files, installation.settings.get("QUEUE_DRIVER")) == (
        (False, "redis") if scaled else (True, None)
    )


@topology.only_embedded("the others run scaled already", needs=pytest.mark.service)
def test_the_same_tests_pass_on_several_processes_when_the_environment_says_scaled(tmp_path: Path) -> None:
    try:
        postgres.running(), redis.running()
    except (postgres.NoPostgres, redis.NoRedis) as error:
        pytest.skip(str(error))

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", f"--basetemp={tmp_path / 'scaled'}", *REPRESENTATIVE],
        cwd=ROOT,
        env={**os.environ, topology.CHOSEN: topology.SCALED},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout.splitlines()[-1]


def test_it_is_refused_when_the_environment_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(topology.CHOSEN, "postgres")

    with pytest.raises(ValueError, match="E2E_TOPOLOGY is embedded or scaled"):
        topology.environment()
