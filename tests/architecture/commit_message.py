"""Checks that a commit message follows Conventional Commits 1.0; git calls it through the commit-msg hook.

python -m tests.architecture.commit_message .git/COMMIT_EDITMSG
"""

import re
import sys
from pathlib import Path

TYPES = ("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test")
LONGEST_SUBJECT_LINE = 100
SUBJECT = re.compile(rf"(?:{'|'.join(TYPES)})(?:\([a-z0-9][a-z0-9_./-]*\))?!?: (?P<description>\S.*)")
# Git writes these itself, or folds them away before anybody else sees them.
WRITTEN_BY_GIT = re.compile(r'(Merge |Revert "|fixup! |squash! |amend! )')
SCISSORS = re.compile(r"^# -+ >8 -+$", re.MULTILINE)


def problems(message: str) -> list[str]:
    """What is wrong with a message, in words for its author; empty when nothing is."""
    lines = [line.rstrip() for line in SCISSORS.split(message)[0].splitlines() if not line.startswith("#")]
    text = "\n".join(lines).strip()
    subject, _, rest = text.partition("\n")
    if WRITTEN_BY_GIT.match(subject):
        return []
    found = SUBJECT.fullmatch(subject)
    return [
        problem
        for wrong, problem in (
            (not found, f"the first line is `type(scope): what changes`, where type is one of {', '.join(TYPES)}"),
            (len(subject) > LONGEST_SUBJECT_LINE, f"the first line is longer than {LONGEST_SUBJECT_LINE} characters"),
            (subject.endswith("."), "the first line ends with a full stop: it is a title"),
            (bool(rest) and not rest.startswith("\n"), "leave the second line empty: tools cut the title there"),
        )
        if wrong
    ]


def main(path: str) -> int:
    """Exit status for the hook: 0 lets the commit pass."""
    found = problems(Path(path).read_text(encoding="utf-8"))
    for problem in found:
        print(f"commit message: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
