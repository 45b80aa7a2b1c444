"""`.env` files.

    # a comment
    export APP_PORT=8000        # `export` is allowed, a comment after a blank ends the value
    APP_NAME="two words"        # double quotes: \\n, \\t, \\" and \\\\ are understood
    SMTP_PASSWORD='a"b\\c $d'    # single quotes: as it stands

Nothing is interpolated: a `$` is a `$`. A key stands once in a file.
"""

import re
from dataclasses import dataclass

ENTRY = re.compile(r"(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)", re.ASCII)
SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
COMMENT = re.compile(r"(?:^|\s)#.*")
ESCAPE = re.compile(r'\\([nt"\\])')
ESCAPED = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One `KEY=value`; `line` counts from 1."""

    key: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no entry; `message` never repeats it, for it may be a piece of a secret."""

    line: int
    message: str


def parse_dotenv(content: str) -> tuple[list[Entry], list[BadLine]]:
    """Entries in the order of the file, and what could not be read."""
    entries: dict[str, Entry] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(content.removeprefix("\ufeff").splitlines(), start=1):
        parsed = _parse_line(line.strip(), number)
        if isinstance(parsed, BadLine):
            bad.append(parsed)
        elif parsed is not None and parsed.key in entries:
            bad.append(BadLine(number, f"repeats a key of line {entries[parsed.key].line}"))
        elif parsed is not None:
            entries[parsed.key] = parsed
    return list(entries.values()), bad


def _parse_line(line: str, number: int) -> Entry | BadLine | None:
    if not line or line.startswith("#"):
        return None
    match = ENTRY.fullmatch(line)
    if match is None:
        return BadLine(number, "is not of the form KEY=value")
    text = _value(match["value"])
    return (
        BadLine(number, "has a quote without its pair or text behind it")
        if text is None
        else Entry(match["key"], text, number)
    )


def _value(raw: str) -> str | None:
    if raw.startswith("'"):
        single = SINGLE.fullmatch(raw)
        return single["text"] if single else None
    if raw.startswith('"'):
        double = DOUBLE.fullmatch(raw)
        return ESCAPE.sub(lambda found: ESCAPED[found[1]], double["text"]) if double else None
    return COMMENT.sub("", raw).strip()
