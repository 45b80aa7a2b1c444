"""The environment chooses a driver of another package, in processes of their own (ARC-04, ARC-05)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import Installation

PROJECT = Path(__file__).parents[3]

PIGEON = """
from dependency_injector import providers

from application.jobs.wake_bus import WakeBus
from application.ports.message_broker import MessageBroker
from application.ports.rate_limiter import Decision, RateLimiter
from application.ports.stream_hints import StreamHints
from infrastructure.queue.memory import memory_broker
from infrastructure.system.nothing_to_run import NothingToRun


class PigeonHints(StreamHints):
    async def publish(self, hints): ...

    def listen(self, listener): ...


class PigeonBroker(MessageBroker):
    wanted = ()

    async def publish(self, events): ...

    def subscribe(self, *args, **kwargs): ...


class PigeonRateLimiter(RateLimiter):
    async def hit(self, key, policy):
        return Decision(allowed=True, remaining=1, retry_after=0.0, reset_after=0.0)


def providers_of(container):
    idle = providers.Singleton(NothingToRun)
    return {
        "task_broker": providers.Singleton(memory_broker, container.wake_bus),
        "wake_listener": idle,
        "hints": providers.Factory(PigeonHints),
        "_hints": idle,
        "message_broker": providers.Factory(PigeonBroker),
        "_broker": idle,
        "rate_limiter": providers.Factory(PigeonRateLimiter),
        "_limits": idle,
    }


def lame(container):
    return {}
"""

RESOLVE = """
from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
container = build_container(read_settings(several_processes=True))
print(*(type(provider()).__name__ for provider in (container.hints, container.message_broker, container.rate_limiter)))
print(len(container.lifecycle()) > 0 and container.task_broker().__class__.__name__)
"""

ALL = {"QUEUE_DRIVER": "pigeon", "REALTIME_DRIVER": "Pigeon", "BROKER_DRIVER": "pigeon", "RATE_LIMIT_STORE": "pigeon"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder as pip leaves it behind."""
    site = tmp_path / "site-packages"
    info = site / "carillon_pigeon-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carillon-pigeon\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[carillon.drivers]\npigeon = carillon_pigeon:providers_of\nlame = carillon_pigeon:lame\nLoud = x:y\n"
    )
    (site / "carillon_pigeon.py").write_text(PIGEON)
    return site


def run(program: list[str], site: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        cwd=site.parent,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{PROJECT}:{site}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check(site: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(["-m", "app", "config", "check"], site, environment)


def test_every_driver_is_had_when_the_environment_names_one_of_another_package(site: Path) -> None:
    checked, resolved = check(site, **ALL), run(["-c", RESOLVE], site, ALL)

    assert (checked.returncode, checked.stdout) == (0, "The configuration is fine: APP_ENV=local.\n"), checked.stderr
    assert resolved.stderr == ""
    assert resolved.stdout.splitlines() == ["PigeonHints PigeonBroker PigeonRateLimiter", "InMemoryBroker"]


def test_documented_driver_is_had_when_it_is_written_as_shown(site: Path) -> None:
    readme = (PROJECT / "infrastructure" / "README.md").read_text()
    sample = readme.split("\n## A driver in a package of its own\n")[1].split("```python\n")[1].split("```")[0]
    (site / "carillon_pigeon.py").unlink()
    (site / "carillon_pigeon").mkdir()
    (site / "carillon_pigeon" / "__init__.py").write_text(sample)
    (site / "carillon_pigeon" / "broker.py").write_text(
        "from infrastructure.queue.memory import memory_broker as pigeon_broker\n"
    )

    resolved = run(["-c", "from app.bootstrap.container import build_container\n"
                    "from app.bootstrap.env import read_settings\n"
                    "container = build_container(read_settings())\n"
                    "print(type(container.task_broker()).__name__, type(container.wake_listener()).__name__)"],
                   site, {"QUEUE_DRIVER": "pigeon"})  # fmt: skip

    assert (resolved.stdout, resolved.stderr) == ("InMemoryBroker WakeListener\n", "")


@pytest.mark.parametrize("key", list(ALL))
def test_start_is_refused_with_what_there_is_when_nobody_brings_the_driver(key: str, site: Path) -> None:
    finished = check(site, **{key: "dove"})

    assert finished.returncode == 78
    assert finished.stderr.startswith(f"configuration: {key} must be one of ")
    assert ", lame, pigeon [environment]\n" in finished.stderr
    assert "Loud" not in finished.stderr


def test_start_is_refused_when_the_package_brings_the_name_and_not_the_driver(site: Path) -> None:
    finished = check(site, QUEUE_DRIVER="lame")

    assert finished.returncode == 78
    assert "the driver lame of carillon-pigeon 1.2 brings nothing for task_broker, wake_listener" in finished.stderr


@pytest.mark.parametrize("key", ["MAIL_DRIVER", "DATABASE_URL"])
def test_start_is_refused_when_the_choice_is_not_open_to_other_packages(key: str, site: Path) -> None:
    finished = check(site, **{key: "pigeon://x" if key == "DATABASE_URL" else "pigeon"})

    assert finished.returncode == 78
    assert f"configuration: {key} must be one of " in finished.stderr
    assert "pigeon" not in finished.stderr


def test_parts_apart_are_refused_when_one_driver_is_brought_and_another_is_memory(site: Path) -> None:
    finished = run(["-c", RESOLVE], site, {**ALL, "REALTIME_DRIVER": "memory"})

    assert finished.returncode == 78
    assert finished.stderr.startswith("configuration: REALTIME_DRIVER must not be memory when server and worker")


async def test_everything_starts_and_ends_when_its_drivers_are_those_of_another_package(site: Path) -> None:
    environment = {**ALL, "PYTHONPATH": f"{PROJECT}:{site}", "LOG_FORMAT": "json"}
    async with Installation(site.parent, environment) as installation:
        server = await installation.start()
        code = await server.stop()

    assert (code, [line for line in server.output.splitlines() if '"level":"error"' in line]) == (0, [])


def test_application_is_built_when_its_drivers_are_those_of_another_package(site: Path) -> None:
    finished = run(["-m", "app", "openapi"], site, ALL)

    assert finished.returncode == 0, finished.stderr
