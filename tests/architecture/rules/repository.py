"""What the repository holds beside code: its top level, its lock file, its words."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import Violation

LOCK = "requirements.lock"
FOLDERS = {"app", "application", "docker", "domain", "infrastructure", "tests"}
FILES = {
    "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md",
    "container.py", "pyproject.toml", LOCK,
}  # fmt: skip
ADDRESS = re.compile(r"\w+://|^\s*-(-index-url|-extra-index-url|-find-links|i|f)\b|\s@\s|(?<!\S)(/|\.\.?/)\S")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
# Where people and build servers keep their checkouts; written so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w./-])/(?:home|root|tmp|Users|work)/\w")
REGISTRY = re.compile(r"\b(?:pypi[.]org|pythonhosted[.]org|registry[.]npmjs[.]org|proxy[.]golang[.]org)\b")


def check_top_level(tree: Path) -> list[Violation]:
    """The top level is the table of contents; it does not grow by accident."""
    tops = {path.split("/")[0]: "/" in path for path in tracked(tree)}
    return [
        Violation(name, 0, "not at the top level: put it into the layer or the dot folder it belongs to")
        for name, is_folder in sorted(tops.items())
        if not name.startswith(".") and name not in (FOLDERS if is_folder else FILES)
    ]


def check_lock_names_no_address(tree: Path) -> list[Violation]:
    """Versions and hashes install from any index; an address ties every reader to somebody's network."""
    return [
        Violation(
            LOCK, number, f"{line.strip()!r} names a place: run `make lock`, which writes versions and hashes only"
        )
        for number, line in enumerate(_lock_lines(tree), 1)
        if ADDRESS.search(line)
    ]


def check_lock_pins_hashes(tree: Path) -> list[Violation]:
    """A version without a hash can be replaced on the way."""
    written = [line for line in _lock_lines(tree) if not line.startswith("#")]
    stanzas = re.split(r"\n(?=\S)", "\n".join(written))
    return [
        Violation(LOCK, 0, f"{stanza.splitlines()[0]}: not pinned with a hash, run `make lock`")
        for stanza in stanzas
        if stanza.strip() and not (PINNED.match(stanza) and "--hash=sha256:" in stanza)
    ]


def check_lock_follows_pyproject(tree: Path) -> list[Violation]:
    """A dependency that is declared and not locked is missing after `make setup`."""
    pins = [found for line in _lock_lines(tree) if (found := PINNED.match(line))]
    locked = {canonicalize_name(pin["name"]): pin["version"] for pin in pins}
    declared = _declared(tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8")))
    return [
        Violation(
            "pyproject.toml", 0, f"{each}: {LOCK} has {locked.get(canonicalize_name(each.name))}, run `make lock`"
        )
        for each in declared
        if not each.specifier.contains(locked.get(canonicalize_name(each.name), "0"), prereleases=True)
    ]


def _declared(pyproject: dict[str, Any]) -> Iterator[Requirement]:
    project = pyproject.get("project", {})
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    groups += pyproject.get("dependency-groups", {}).values()
    for entry in (each for group in groups for each in group if isinstance(each, str)):
        requirement = Requirement(entry)
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


def _lock_lines(tree: Path) -> list[str]:
    path = tree / LOCK
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else [f"{LOCK} is missing"]


def check_nothing_names_a_machine(tree: Path) -> list[Violation]:
    """A path of the author's machine or the host of a package registry means nothing to the reader."""
    found: list[Violation] = []
    for path in tracked(tree):
        for number, line in enumerate(_text_lines(tree / path), 1):
            if hit := MACHINE.search(line) or REGISTRY.search(line):
                found.append(
                    Violation(
                        path, number, f"{hit.group()!r}: use a path relative to the repository, or say it in words"
                    )
                )
    return found


def _text_lines(path: Path) -> list[str]:
    content = path.read_bytes()
    return [] if b"\0" in content else content.decode("utf-8", errors="replace").splitlines()


def tracked(tree: Path) -> list[str]:
    """Files that git knows or would add; without git, every file that is not hidden."""
    if (tree / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=tree, capture_output=True, check=True).stdout.decode().split("\0")
        return sorted(each for each in set(listed) if each and (tree / each).is_file())
    files = (path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    hidden_or_made = re.compile(r"(^|/)(\.|__pycache__/)")
    return sorted(path.as_posix() for path in files if not hidden_or_made.search(path.as_posix()))
