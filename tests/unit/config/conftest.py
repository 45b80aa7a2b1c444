from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from infrastructure.config.problems import Problem
from infrastructure.config.resolution import Resolution, resolve
from infrastructure.config.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty working directory."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def write(place: Path) -> Callable[[str, str], None]:
    """Writes a file of the working directory."""

    def write_file(name: str, content: str) -> None:
        (place / name).write_text(content, encoding="utf-8")

    return write_file


@pytest.fixture
def resolved(place: Path) -> Callable[..., Resolution]:
    """Resolves an environment, given as keywords, together with the files of the working directory."""

    def resolve_environment(**environ: str) -> Resolution:
        return resolve(environ, place)

    return resolve_environment


@pytest.fixture
def settings(resolved: Callable[..., Resolution]) -> Callable[..., Settings]:
    """Settings of an environment that must be fine."""

    def settings_of(**environ: str) -> Settings:
        resolution = resolved(**environ)
        assert resolution.problems == ()
        return resolution.settings

    return settings_of


@pytest.fixture
def problems(resolved: Callable[..., Resolution]) -> Callable[..., Mapping[str, Problem]]:
    """Problems of an environment by their first key."""

    def problems_of(**environ: str) -> Mapping[str, Problem]:
        return {problem.keys[0]: problem for problem in resolved(**environ).problems}

    return problems_of
