"""What every trace context must do. There is one adapter, which tests use as it is."""

import asyncio
import re

import pytest

from application.ports.trace_context import TraceContext
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.system.ids import UuidV7Ids

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE_ID}-{PARENT_ID}-01"


@pytest.fixture
def trace() -> TraceContext:
    return ContextvarsTraceContext(UuidV7Ids())


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (SAMPLED, True),
        (f"00-{TRACE_ID}-{PARENT_ID}-00", False),
        (f"00-{TRACE_ID}-{PARENT_ID}-ff", True),
        (f"00-{TRACE_ID}-{PARENT_ID}-02", False),
        (f" {SAMPLED}\t", True),
        (f"cc-{TRACE_ID}-{PARENT_ID}-01", True),
        (f"cc-{TRACE_ID}-{PARENT_ID}-01-what-the-future-will-bring", True),
    ],
)
def test_continues_the_trace_in_a_new_span_when_the_header_is_valid(
    trace: TraceContext, header: str, sampled: bool
) -> None:
    with trace.scope(header) as span:
        assert span.trace_id == TRACE_ID
        assert span.sampled is sampled
        assert span.span_id != PARENT_ID
        assert trace.traceparent() == f"00-{TRACE_ID}-{span.span_id}-{'01' if sampled else '00'}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        f"00-{TRACE_ID}-{PARENT_ID}",
        f"00-{TRACE_ID}-{PARENT_ID}-1",
        f"00-{TRACE_ID}-{PARENT_ID}-01-more",
        f"00-{TRACE_ID}-{PARENT_ID}-01-",
        f"ff-{TRACE_ID}-{PARENT_ID}-01",
        f"cc-{TRACE_ID}-{PARENT_ID}-01.more",
        f"0-{TRACE_ID}-{PARENT_ID}-01",
        f"00-{TRACE_ID.upper()}-{PARENT_ID}-01",
        f"00-{TRACE_ID[:-1]}g-{PARENT_ID}-01",
        f"00-{TRACE_ID[:-1]}-{PARENT_ID}-01",
        f"00-{'0' * 32}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID}-{PARENT_ID}-0x",
        f"00_{TRACE_ID}_{PARENT_ID}_01",
        f"{SAMPLED}\n",
        f"{SAMPLED},{SAMPLED}",
    ],
)
def test_starts_a_new_trace_when_the_header_is_not_valid(trace: TraceContext, header: str | None) -> None:
    with trace.scope(header, tracestate="vendor=1") as span:
        assert re.fullmatch("[0-9a-f]{32}", span.trace_id)
        assert re.fullmatch("[0-9a-f]{16}", span.span_id)
        assert span.trace_id not in (TRACE_ID, "0" * 32)
        assert span.tracestate is None


def test_every_scope_has_its_own_span_when_the_parent_is_the_same(trace: TraceContext) -> None:
    spans = []
    for _ in range(100):
        with trace.scope(SAMPLED) as span:
            spans.append(span.span_id)
    assert len(set(spans)) == 100


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ("a=1 , \tb=2,,", "a=1,b=2"),
        ("fw529a3039@dt=FfAAA", "fw529a3039@dt=FfAAA"),
        ("Upper=1", None),
        ("a=1,broken", None),
        ("a=1\r\nX-Injected: yes", None),
        (",".join(f"k{number}=1" for number in range(33)), None),
        (f"a={'x' * 600}", None),
        ("", None),
    ],
)
def test_passes_tracestate_on_when_it_is_well_formed(trace: TraceContext, given: str, passed_on: str | None) -> None:
    with trace.scope(SAMPLED, tracestate=given) as span:
        assert span.tracestate == passed_on


def test_fields_last_until_the_scope_closes_when_bound(trace: TraceContext) -> None:
    with trace.scope(None, request_id="r-1", tenant_id="default", ip=None):
        trace.bind(actor="user:u1", role="admin")
        trace.bind(role=None)
        assert trace.current().fields == {"tenant_id": "default", "actor": "user:u1"}
        assert trace.current().request_id == "r-1"
    assert trace.current().fields == {}


def test_inner_scope_takes_nothing_over_when_nested(trace: TraceContext) -> None:
    with trace.scope(None, request_id="r-1", tenant_id="one") as outer:
        with trace.scope(SAMPLED, job_id="j1") as inner:
            assert inner.fields == {"job_id": "j1"}
            assert inner.request_id is None
        assert trace.current() == outer


def test_scope_is_left_when_its_work_fails(trace: TraceContext) -> None:
    with pytest.raises(LookupError), trace.scope(SAMPLED, tenant_id="one"):
        raise LookupError
    assert trace.current().trace_id != TRACE_ID


def test_is_another_root_at_each_call_when_no_scope_is_open(trace: TraceContext) -> None:
    trace.bind(tenant_id="leaked")
    first, second = trace.current(), trace.current()
    assert first.trace_id != second.trace_id
    assert first.fields == {}


def test_request_and_actor_go_on_when_what_was_carried_is_resumed(trace: TraceContext) -> None:
    with trace.scope(SAMPLED, request_id="r-1", actor="subscriber:ann=lee; 50%", role="admin"):
        carried = trace.carried()
    with trace.resume(carried, tenant_id="default") as span:
        assert (span.trace_id, span.request_id) == (TRACE_ID, "r-1")
        assert span.fields == {"actor": "subscriber:ann=lee; 50%", "tenant_id": "default"}
        assert trace.carried().partition(";")[2] == carried.partition(";")[2]


@pytest.mark.parametrize("stored", [None, "", "garbage", ";request_id"])
def test_a_new_trace_begins_when_nothing_readable_was_carried(trace: TraceContext, stored: str | None) -> None:
    with trace.resume(stored, job_id="j1") as span:
        assert (span.request_id or None, span.fields) == (None, {"job_id": "j1"})


def test_only_the_parent_goes_on_when_nobody_is_known_to_have_asked(trace: TraceContext) -> None:
    with trace.scope(SAMPLED):
        assert trace.carried() == trace.traceparent()
    with trace.resume(SAMPLED) as span:
        assert (span.trace_id, span.request_id, span.fields) == (TRACE_ID, None, {})


def test_a_caller_cannot_name_an_actor_when_its_header_looks_carried(trace: TraceContext) -> None:
    with trace.scope(f"{SAMPLED};request_id=r-1;actor=user:root") as span:
        assert (span.request_id, span.fields) == (None, {})
        assert span.trace_id != TRACE_ID


async def test_tasks_do_not_see_each_other_when_they_run_interleaved(trace: TraceContext) -> None:
    both_bound = asyncio.Barrier(2)

    async def work(tenant: str) -> object:
        with trace.scope(None, tenant_id=tenant):
            await both_bound.wait()
            trace.bind(actor=f"user:{tenant}")
            await both_bound.wait()
            return trace.current().fields

    one, two = await asyncio.gather(work("one"), work("two"))
    assert one == {"tenant_id": "one", "actor": "user:one"}
    assert two == {"tenant_id": "two", "actor": "user:two"}
    assert trace.current().fields == {}


async def test_child_tasks_start_with_a_copy_when_their_parent_has_a_scope(trace: TraceContext) -> None:
    async def child(name: str) -> object:
        trace.bind(child=name)
        return trace.current().fields

    with trace.scope(SAMPLED, tenant_id="one"):
        first, second = await asyncio.gather(child("a"), child("b"))
        assert trace.current().fields == {"tenant_id": "one"}
    assert first == {"tenant_id": "one", "child": "a"}
    assert second == {"tenant_id": "one", "child": "b"}
