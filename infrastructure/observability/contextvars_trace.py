"""The current trace in a context variable."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace

from application.ports.ids import Ids
from application.ports.trace_context import Trace, TraceContext
from application.shared.carried_trace import CarriedTrace
from infrastructure.observability.traceparent import clean_tracestate, format_traceparent, parse_traceparent

# At module level because a ContextVar made in an instance is never collected: contexts keep it alive. It holds nothing
# by itself, every task has its own value.
_current: ContextVar[Trace | None] = ContextVar("carillon_trace", default=None)

_SPAN_ID_LENGTH = 16


class ContextvarsTraceContext(TraceContext):
    """`TraceContext` on `contextvars`. Has no state of its own; all instances show the same trace.

    A trace id is a UUIDv7 of `ids`, a span id the lower half of one: its random part, which is never all zeros.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def current(self) -> Trace:
        return _current.get() or self._span(None, tracestate=None, request_id=None, fields={})

    def bind(self, **fields: object) -> None:
        trace = _current.get()
        if trace is not None:
            # A new mapping, never the old one changed: tasks started earlier hold the old one.
            _current.set(replace(trace, fields=_present({**trace.fields, **fields})))

    def scope(
        self,
        traceparent: str | None,
        *,
        tracestate: str | None = None,
        request_id: str | None = None,
        **fields: object,
    ) -> AbstractContextManager[Trace]:
        return _opened(self._span(traceparent, tracestate=tracestate, request_id=request_id, fields=_present(fields)))

    def resume(self, carried: str | None, **fields: object) -> AbstractContextManager[Trace]:
        cause = CarriedTrace.parse(carried or "")
        known = _present({"actor": cause.actor, **fields})
        return _opened(self._span(cause.traceparent, tracestate=None, request_id=cause.request_id, fields=known))

    def traceparent(self) -> str:
        return _header(self.current())

    def carried(self) -> str:
        trace = self.current()
        actor = trace.fields.get("actor")
        return str(
            CarriedTrace(
                traceparent=_header(trace), request_id=trace.request_id, actor=None if actor is None else str(actor)
            )
        )

    def _span(
        self, traceparent: str | None, *, tracestate: str | None, request_id: str | None, fields: Mapping[str, object]
    ) -> Trace:
        parent = parse_traceparent(traceparent)
        return Trace(
            trace_id=parent.trace_id if parent else self._ids.new().hex,
            span_id=self._ids.new().hex[-_SPAN_ID_LENGTH:],
            sampled=parent.sampled if parent else True,
            request_id=request_id,
            tracestate=clean_tracestate(tracestate) if parent else None,
            fields=fields,
        )


@contextmanager
def _opened(span: Trace) -> Iterator[Trace]:
    token = _current.set(span)
    try:
        yield span
    finally:
        _current.reset(token)


def _header(trace: Trace) -> str:
    return format_traceparent(trace.trace_id, trace.span_id, sampled=trace.sampled)


def open_trace() -> Trace | None:
    """The innermost open scope, None outside: a log line without a trace must not invent one."""
    return _current.get()


def _present(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
