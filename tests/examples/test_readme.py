"""The README shows an example that is run, to the letter."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "examples" / "test_overriding.py"


def code_of(file: Path) -> str:
    """All but the docstring of the module."""
    return file.read_text("utf-8").split('"""\n\n', 1)[1]


def test_readme_contains_exactly_the_lines_that_are_run() -> None:
    shown = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)

    assert shown == [code_of(EXAMPLE)]


def test_each_example_takes_five_lines_or_so() -> None:
    bodies = code_of(EXAMPLE).split("\nasync def ")[1:]

    assert len(bodies) == 3
    assert max(body.strip().count("\n") for body in bodies) <= 7
