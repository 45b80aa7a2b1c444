"""Conventional commits, as the commit-msg hook judges them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.commit_message import problems
from tests.architecture.source import ROOT


@pytest.mark.parametrize(
    "message",
    [
        "feat: send over web push",
        "fix(inbox)!: count snoozed items once\n\nThey were counted twice.\n\nBREAKING CHANGE: counts shrink\n",
        "refactor(app/http): shorten the handlers\n# Please enter the commit message\n",
        "docs: explain overrides\n\nWhy.\n# ------------------------ >8 ------------------------\ndiff --git a b\n",
        "Merge branch 'main' into topic",
        'Revert "feat: send over web push"',
        "fixup! feat: send over web push",
    ],
)
def test_accepts_the_message_when_it_is_conventional(message: str) -> None:
    assert problems(message) == []


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", "type(scope)"),
        ("# only a comment\n", "type(scope)"),
        ("add web push", "type(scope)"),
        ("feature: add web push", "one of build"),
        ("feat:add web push", "type(scope)"),
        ("feat(): add web push", "type(scope)"),
        ("Feat: add web push", "type(scope)"),
        ("feat: add web push.", "full stop"),
        (f"feat: {'x' * 100}", "longer than"),
        ("feat: add web push\nand more", "second line"),
    ],
)
def test_names_the_problem_when_the_message_is_not_conventional(message: str, says: str) -> None:
    assert any(says in problem for problem in problems(message))


@pytest.mark.parametrize(("message", "status"), [("feat: add web push\n", 0), ("add web push\n", 1)])
def test_hook_stops_the_commit_when_the_message_is_wrong(message: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "message").write_text(message)
    command = [sys.executable, "-m", "tests.architecture.commit_message", str(tmp_path / "message")]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == status
    assert ("commit message: the first line" in result.stderr) is bool(status)
