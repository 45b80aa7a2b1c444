"""The `traceparent` and `tracestate` headers (W3C Trace Context, level 1), as pure functions."""

import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 0x01
_MAX_STATE_LENGTH = 512
_MAX_STATE_MEMBERS = 32
_STATE_KEY = r"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
_STATE_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_STATE_MEMBER = re.compile(rf"{_STATE_KEY}={_STATE_VALUE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteParent:
    """The caller's span."""

    trace_id: str
    span_id: str
    sampled: bool


def parse_traceparent(header: str | None) -> RemoteParent | None:
    """None for whatever must restart the trace.

    Versions above 00 are read by their first four fields and may go on after another dash; 00 may not, ff never is.
    """
    match = _TRACEPARENT.fullmatch(header.strip(" \t")) if header else None
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    if not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return RemoteParent(trace_id=trace_id, span_id=span_id, sampled=bool(int(flags, 16) & _SAMPLED))


def format_traceparent(trace_id: str, span_id: str, *, sampled: bool) -> str:
    """Always version 00, with no flag but `sampled`: a later version's flags mean nothing to us."""
    return f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}"


def clean_tracestate(header: str | None) -> str | None:
    """The list as it can be sent on, or None if any member is malformed: half a list is worse than none."""
    if not header or len(header) > _MAX_STATE_LENGTH:
        return None
    members = [member for part in header.split(",") if (member := part.strip(" \t"))]
    if not members or len(members) > _MAX_STATE_MEMBERS:
        return None
    return ",".join(members) if all(_STATE_MEMBER.fullmatch(member) for member in members) else None
