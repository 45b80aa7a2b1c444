"""`%d.%m.%Y`, as authors of Liquid write dates, in CLDR's words, so that months have names in each language."""

import re
from typing import Final

_DIRECTIVE = re.compile(r"%[-0^#_]?[A-Za-z%]|[^%]+|%")
_PATTERNS: Final = {
    "A": "EEEE", "a": "EEE", "B": "MMMM", "b": "MMM", "h": "MMM", "d": "dd", "e": "d", "H": "HH", "I": "hh",
    "j": "DDD", "k": "H", "l": "h", "M": "mm", "m": "MM", "P": "a", "p": "a", "S": "ss", "u": "e", "V": "ww",
    "Y": "yyyy", "y": "yy", "Z": "z", "z": "xx", "D": "MM/dd/yy", "F": "yyyy-MM-dd", "R": "HH:mm", "T": "HH:mm:ss",
}  # fmt: skip
_PADDED: Final = frozenset({"dd", "HH", "hh", "mm", "MM", "ss"})


def cldr_pattern(text: str) -> str:
    """The pattern that means the same; what is no directive, or one that is not known, stands as it is."""
    pattern, literal = [], ""
    for part in _DIRECTIVE.findall(text):
        meant = _meant_by(part)
        if meant is None:
            literal += "%" if part == "%%" else part
        else:
            pattern += [_quoted(literal), meant]
            literal = ""
    return "".join([*pattern, _quoted(literal)])


def _meant_by(part: str) -> str | None:
    if len(part) == 1 or not part.startswith("%"):
        return None
    pattern = _PATTERNS.get(part[-1])
    if pattern in _PADDED and part[1] == "-":
        return pattern[:1]
    return pattern


def _quoted(text: str) -> str:
    """Literal text; two in a row would make an apostrophe of the quotes between them."""
    return "" if not text else "'" + text.replace("'", "''") + "'"
