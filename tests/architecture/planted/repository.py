"""Trees with strangers at the top level, addresses in the lock file and paths of one machine."""

from tests.architecture.planted.case import Case, breaks, keeps
from tests.architecture.rules.repository import (
    LOCK,
    check_lock_follows_pyproject,
    check_lock_names_no_address,
    check_lock_pins_hashes,
    check_nothing_names_a_machine,
    check_top_level,
)

ADDRESS = check_lock_names_no_address
HASHES = check_lock_pins_hashes
FOLLOWS = check_lock_follows_pyproject
MACHINE = check_nothing_names_a_machine

PINNED = "redis==8.1.0 ; sys_platform != 'win32' \\\n    --hash=sha256:{digest}\n".format(digest="0" * 64)
PROJECT = '[project]\ndependencies = ["redis[hiredis]>=8.1,<9"]\n'
SLASH = "/"

CASES = [
    Case(check_top_level, {"scripts/seed.py": ""}, where="scripts", says="dot folder"),
    Case(check_top_level, {"notes.txt": ""}, where="notes.txt", says="not at the top level"),
    keeps(check_top_level, "README.md", "", app__main=""),
    breaks(ADDRESS, LOCK, f"--index-url https:{SLASH}{SLASH}packages.example{SLASH}simple\n{PINNED}", "names a place"),
    breaks(ADDRESS, LOCK, f"redis @ file:{SLASH}{SLASH}wheels{SLASH}redis.whl\n", "run `make lock`"),
    breaks(ADDRESS, LOCK, f"--find-links wheels\n{PINNED}", "--find-links"),
    keeps(ADDRESS, LOCK, PINNED),
    breaks(HASHES, LOCK, f"{PINNED}hiredis==3.5.0\n", "hiredis==3.5.0"),
    breaks(HASHES, LOCK, "hiredis>=3 \\\n    --hash=sha256:00\n", "not pinned"),
    keeps(HASHES, LOCK, PINNED + PINNED),
    Case(FOLLOWS, {"pyproject.toml": PROJECT, LOCK: PINNED.replace("8.1.0", "7.0.0")}, "pyproject.toml", "has 7.0.0"),
    Case(FOLLOWS, {"pyproject.toml": PROJECT, LOCK: ""}, "pyproject.toml", "run `make lock`"),
    Case(FOLLOWS, {"pyproject.toml": PROJECT, LOCK: PINNED}),
    breaks(MACHINE, "README.md", f"Run {SLASH}root{SLASH}bin{SLASH}start\n", "relative to the repository"),
    breaks(MACHINE, "docker/Dockerfile", f"COPY {SLASH}work{SLASH}main .\n", "say it in words"),
    breaks(MACHINE, "CONTRIBUTING.md", "Upload to pypi" + ".org\n", "say it in words"),
    keeps(MACHINE, "README.md", f"See app{SLASH}work{SLASH}main; the container mounts {SLASH}tmp and {SLASH}data\n"),
]
