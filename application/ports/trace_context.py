"""Which trace this piece of work belongs to."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One span of a W3C trace.

    `trace_id` is 32 and `span_id` 16 lower-case hex digits, neither all zeros. `tracestate` is the caller's, to be sent
    on unchanged beside `traceparent`. `fields` is what every log line of this work carries (`tenant_id`, `actor`, …).
    """

    trace_id: str
    span_id: str
    sampled: bool
    request_id: str | None = None
    tracestate: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


# One adapter: no technology stands behind it but the interpreter, and tests use it as it is.
class TraceContext(Protocol):
    """The trace of the running task, handed on without parameters (W3C Trace Context, level 1).

    Each task sees its own: what one binds, a sibling never sees; a task started inside a scope begins with a copy.
    """

    def current(self) -> Trace:
        """The innermost open scope; outside every scope a new root trace, another one at each call."""
        ...

    def bind(self, **fields: object) -> None:
        """Add log fields until the innermost scope closes; None takes a field away. Outside every scope: no effect."""
        ...

    def scope(
        self,
        traceparent: str | None,
        *,
        tracestate: str | None = None,
        request_id: str | None = None,
        **fields: object,
    ) -> AbstractContextManager[Trace]:
        """A new span below an incoming or stored `traceparent`, or a new trace where that is absent or invalid.

        Takes nothing over from the scope around it, whose fields may be about another tenant. `tracestate` is kept
        only beside a valid `traceparent` and if it is itself valid. Restores what was before, also on an exception.
        """
        ...

    def resume(self, carried: str | None, **fields: object) -> AbstractContextManager[Trace]:
        """A `scope` below what `carried` wrote, with its request id and actor; only for text from our own store.

        A caller's header must never come here: it would name its own actor.
        """
        ...

    def traceparent(self) -> str:
        """`current()` as a header value, for outgoing requests and messages."""
        ...

    def carried(self) -> str:
        """`current()` for a row, with request id and actor (`CarriedTrace`): never sent to anybody."""
        ...
