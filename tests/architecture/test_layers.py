"""The import-linter contracts of pyproject.toml hold, and each one sees what is planted against it.

A contract that names a module import-linter does not know passes in silence: only a planted import proves it.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import LAYERS, ROOT

IMPORTS = {
    "app/bootstrap/build.py": "import container\nimport infrastructure.system.clock\n",
    "app/cli/keys.py": "import container\nimport infrastructure.config.loader\n",
    "app/http/factory.py": "import application.inbox.mark_read\nimport domain.inbox.item\n",
    "app/sse/response.py": "",
    "application/inbox/mark_read.py": "import application.ports.clock\nimport domain.inbox.item\n",
    "application/ports/clock.py": "import datetime\n",
    "domain/inbox/item.py": "import domain.shared.errors\n",
    "domain/shared/errors.py": "",
    "domain/subscribers/subscriber.py": "import domain.shared.errors\n",
    "infrastructure/cache/redis.py": "import infrastructure.config.loader\nimport infrastructure.system.clock\n",
    "infrastructure/config/loader.py": "",
    "infrastructure/queue/file.py": "import application.ports.clock\n",
    "infrastructure/system/clock.py": "import application.ports.clock\n",
}
PLANTED = {
    "layers": {
        "application/inbox/mark_read.py": "infrastructure.cache.redis",
        "domain/inbox/item.py": "application.ports.clock",
        "infrastructure/queue/file.py": "app.http.factory",
    },
    "doors": {"app/http/factory.py": "infrastructure.cache.redis", "app/sse/response.py": "container"},
    "wired-doors": {"app/http/factory.py": "app.bootstrap.build", "app/sse/response.py": "app.cli.keys"},
    "composition-root": {"infrastructure/cache/redis.py": "container", "application/ports/clock.py": "container"},
    "core": {"application/inbox/mark_read.py": "msgspec", "domain/inbox/item.py": "sqlalchemy"},
    "business-modules": {
        "domain/inbox/item.py": "domain.subscribers.subscriber",
        "domain/shared/errors.py": "domain.subscribers.subscriber",
    },
    "capabilities": {
        "infrastructure/cache/redis.py": "infrastructure.queue.file",
        "infrastructure/config/loader.py": "infrastructure.cache.redis",
    },
}
CONTRACTS = {
    each["id"]: each["name"]
    for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--config", "pyproject.toml", "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small product that keeps every contract, with the real configuration."""
    for path, content in IMPORTS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    for folder in {
        parent for path in IMPORTS for parent in (tmp_path / path).parents if parent.is_relative_to(tmp_path)
    }:
        if folder != tmp_path:
            (folder / "__init__.py").touch()
    (tmp_path / "container.py").write_text("import infrastructure.cache.redis\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold_in_the_tree() -> None:
    assert all((ROOT / layer / "__init__.py").exists() for layer in LAYERS)

    result = _lint(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


def test_contracts_hold_when_nothing_is_planted(tree: Path) -> None:
    result = _lint(tree)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("contract", CONTRACTS)
def test_contract_breaks_when_imports_are_planted(tree: Path, contract: str) -> None:
    for path, imported in PLANTED[contract].items():
        with (tree / path).open("a") as file:
            file.write(f"import {imported}\n")

    result = _lint(tree)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in result.stdout
    for path, imported in PLANTED[contract].items():
        assert f"{path.removesuffix('.py').replace('/', '.')} -> {imported}" in result.stdout
