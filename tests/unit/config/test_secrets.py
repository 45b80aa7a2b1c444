import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.config.loader import load_settings
from infrastructure.config.problems import ConfigurationError
from infrastructure.config.resolution import Resolution
from infrastructure.config.secrets import kept_secret, secret_file

PROJECT = Path(__file__).parents[3]
MADE = "made-by-the-test-" + "z" * 30

RACER = """
import sys
from pathlib import Path
from infrastructure.config.loader import load_settings
from infrastructure.security.os_random import OsRandomSecretMint
print("ready", flush=True)
sys.stdin.readline()
print(load_settings({}, Path(sys.argv[1]), make_secret=OsRandomSecretMint().ticket).auth.secret, flush=True)
"""


def test_one_secret_is_kept_when_an_embedded_installation_starts_without(place: Path) -> None:
    first = load_settings({}, place, make_secret=lambda: MADE)
    second = load_settings({}, place, make_secret=lambda: "another" * 8)

    assert first.auth.secret == second.auth.secret == MADE
    file = secret_file(place / "data")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(file.parent.iterdir()) == [file]


def test_all_processes_agree_when_eight_start_at_once(place: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(place)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=30) for racer in racers]

    assert [errors for _, errors in answers] == [""] * 8
    assert {out.strip() for out, _ in answers} == {kept_secret(place / "data")}
    assert len(list(secret_file(place / "data").parent.iterdir())) == 1


def test_nothing_is_made_when_a_secret_is_given(place: Path) -> None:
    load_settings({"AUTH_SECRET": "g" * 32}, place, make_secret=lambda: MADE)

    assert not (place / "data").exists()


def test_nothing_is_made_when_the_configuration_is_only_looked_at(
    place: Path, resolved: Callable[..., Resolution]
) -> None:
    assert resolved().problems == ()
    assert list(place.iterdir()) == []


def test_nothing_is_made_when_something_else_is_wrong(place: Path) -> None:
    with pytest.raises(ConfigurationError):
        load_settings({"APP_PORT": "x"}, place, make_secret=lambda: MADE)

    assert list(place.iterdir()) == []


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_damaged_secret_is_reported_when_it_is_read_again(content: str, place: Path) -> None:
    file = secret_file(place / "data")
    file.parent.mkdir(parents=True)
    file.write_text(content)

    with pytest.raises(ConfigurationError, match=r"AUTH_SECRET is kept in .* at least 32 bytes"):
        load_settings({}, place, make_secret=lambda: MADE)

    assert file.read_text() == content


def test_a_problem_is_reported_when_the_secret_cannot_be_kept(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "secrets").write_text("a file in the way")

    with pytest.raises(ConfigurationError, match="AUTH_SECRET cannot be kept in"):
        load_settings({}, place, make_secret=lambda: MADE)
