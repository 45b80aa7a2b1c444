"""Which files the rules about the repository look at."""

import subprocess
from pathlib import Path

from tests.architecture.rules.repository import check_top_level, tracked


def test_judges_what_git_would_add_and_nothing_else_when_the_tree_is_a_checkout(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("data/\n")
    for name in ("data/carillon.db", "app/page.html", "scripts/seed.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()

    assert tracked(tmp_path) == [".gitignore", "app/page.html", "scripts/seed.py"]
    assert [each.path for each in check_top_level(tmp_path)] == ["scripts"]
