"""JSON that means one thing only."""

import json


def read_object(data: bytes) -> dict[str, object]:
    """The JSON object in `data`.

    ValueError for anything that is not UTF-8, for NaN and Infinity, and for a name that occurs twice in one object:
    parsers differ in which of the two they believe. Depth beyond the interpreter's limit is a ValueError, too.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not strict JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def write_object(value: object) -> bytes:
    """Compact and in ASCII."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
