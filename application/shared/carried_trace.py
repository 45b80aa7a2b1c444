"""A trace, and who caused it, as one text in a row of our own."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_BETWEEN = ";"
_PLAIN = re.compile(r"[A-Za-z0-9._:@-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedTrace:
    """`traceparent` is what may be sent to others; `request_id` and `actor` (`<kind>:<id>`) are for our own log lines.

    As text: `<traceparent>[;request_id=…][;actor=…]`, with values percent-encoded.
    """

    traceparent: str
    request_id: str | None = None
    actor: str | None = None

    @property
    def trace_id(self) -> str:
        """The 32 hex digits that all parts of the trace share; empty where there is no trace."""
        return trace_id_of(self.traceparent)

    def __str__(self) -> str:
        causes = (("request_id", self.request_id), ("actor", self.actor))
        parts = [f"{name}={_quoted(value)}" for name, value in causes if value is not None]
        return _BETWEEN.join([self.traceparent, *parts])

    @classmethod
    def parse(cls, text: str) -> "CarriedTrace":
        """Read what was stored; members that are not known are passed over."""
        traceparent, *parts = text.split(_BETWEEN)
        members = {name: unquote(value) for name, _, value in (part.partition("=") for part in parts)}
        return cls(traceparent=traceparent, request_id=members.get("request_id"), actor=members.get("actor"))


def trace_id_of(text: str) -> str:
    """The trace id of what was stored, or of a `traceparent`."""
    return text.partition("-")[2].partition("-")[0]


def _quoted(value: str) -> str:
    # What we made ourselves needs no quotes, and `quote` takes longer than all the rest.
    return value if _PLAIN.fullmatch(value) else quote(value, safe=":@")
