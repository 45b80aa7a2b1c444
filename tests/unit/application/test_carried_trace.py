"""A trace and who caused it, as text."""

from hypothesis import given
from hypothesis import strategies as st

from application.shared.carried_trace import CarriedTrace

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
NAMES = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@given(request_id=NAMES, actor=NAMES)
def test_it_is_read_as_it_was_written_when_names_hold_anything(request_id: str | None, actor: str | None) -> None:
    carried = CarriedTrace(traceparent=PARENT, request_id=request_id, actor=actor)

    assert CarriedTrace.parse(str(carried)) == carried
    assert str(carried).isascii()
    assert str(carried).isprintable()


def test_it_is_the_plain_header_when_nobody_is_known() -> None:
    assert str(CarriedTrace(traceparent=PARENT)) == PARENT
    assert CarriedTrace.parse(PARENT).trace_id == TRACE_ID


def test_members_of_a_newer_version_are_passed_over_when_read() -> None:
    assert CarriedTrace.parse(f"{PARENT};later=1;actor=user:a") == CarriedTrace(traceparent=PARENT, actor="user:a")


def test_there_is_no_trace_id_when_there_is_no_trace() -> None:
    assert CarriedTrace.parse("").trace_id == ""
