"""Free JSON that callers hand in and the product only carries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Any: opaque to the rules; `problem_with` bounds its shape before it is stored.
JsonValue = Any
JsonObject = Mapping[str, JsonValue]

MAX_DEPTH = 32


def problem_with(value: JsonValue) -> str | None:
    """Say why free JSON cannot be stored: nested deeper than 32, a NUL, or a lone surrogate. None when it can."""
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH + 1):
        following: list[JsonValue] = []
        for node in level:
            if isinstance(node, str):
                if problem := problem_with_text(node):
                    return problem
            else:
                following.extend(_children(node))
        if not following:
            return None
        level = following
    return f"is nested deeper than {MAX_DEPTH} levels"


def problem_with_text(text: str) -> str | None:
    """Say why a text cannot be stored everywhere: NUL (Postgres refuses it) or a lone surrogate (no UTF-8 form)."""
    if "\x00" in text:
        return "contains a NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "contains a lone surrogate"
    return None


def _children(node: JsonValue) -> Iterator[JsonValue]:
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield key
            yield child
    elif isinstance(node, Sequence):
        yield from node
