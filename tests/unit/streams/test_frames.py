"""The bytes of events; B-21."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.realtime.cursor import Cursor
from domain.realtime.stream import UpdateKind
from infrastructure.streams import frames
from tests.unit.streams.event_text import Event, EventParser

START = Cursor(1795165885, 41)


def read(*parts: bytes) -> EventParser:
    parser = EventParser()
    for part in parts:
        parser.feed(part)
    return parser


def test_the_bytes_are_those_of_the_contract_when_a_stream_opens_and_goes_on() -> None:
    text = (
        frames.opening(3412, START)
        + frames.update(START.epoch, 42, "notification_received", b'{"id":"a"}')
        + frames.counts(3, 1)
        + frames.reset(START)
    )

    assert text == (
        b"retry: 3412\nid: 1795165885-41\n\n"
        b'event: notification_received\nid: 1795165885-42\ndata: {"id":"a"}\n\n'
        b'event: unread_count_changed\ndata: {"unread":3,"unseen":1}\n\n'
        b'event: reset\nid: 1795165885-41\ndata: {"reason":"gap"}\n\n'
    )


@pytest.mark.parametrize(
    ("trace_id", "comment"),
    [
        ("4bf92f3577b34da6a3ce929d0e0e4736", b": trace 4bf92f3577b34da6a3ce929d0e0e4736\n"),
        (None, b""),
        ("4bf92f3577b34da6\ndata: forged", b""),
        ("4bf92f3577b34da6a3ce929d0e0e4736\n", b""),
    ],
)
def test_the_trace_is_a_comment_that_changes_nothing_for_a_browser(trace_id: str | None, comment: bytes) -> None:
    frame = frames.update(1, 2, "notification_received", b"{}", trace_id)

    assert frame == b"event: notification_received\nid: 1-2\ndata: {}\n" + comment + b"\n"
    assert read(frame).events == [Event("notification_received", "{}", "1-2")]


def test_a_browser_has_a_place_when_it_was_cut_off_before_the_first_event() -> None:
    parser = read(frames.opening(3412, START))

    assert parser.last_id == "1795165885-41"
    assert parser.events == []


@pytest.mark.parametrize("kind", list(UpdateKind))
def test_every_logged_kind_is_a_name_when_encoded(kind: UpdateKind) -> None:
    assert read(frames.update(1, 2, kind, b"{}")).events == [Event(kind.value, "{}", "1-2")]


@given(
    text=st.text(
        alphabet=st.one_of(st.sampled_from("\r\n\x00\u2028\u2029\x85:"), st.characters(exclude_categories=["Cs"]))
    ),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
)
def test_b21_nothing_in_the_data_forges_a_frame_when_it_holds_line_breaks(
    text: str, indent: int | None, ascii_only: bool
) -> None:
    value = {"title": text + "\n\nevent: reset\nid: 9-9\ndata: forged\n\n"}
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()

    parser = read(frames.update(1, 2, "notification_received", data))

    assert [(event.name, event.last_id) for event in parser.events] == [("notification_received", "1-2")]
    assert json.loads(parser.events[0].data) == value


@pytest.mark.parametrize("raw", [b'{"a":\r\n1}', b'{"a":\r1}', b'{"a":1}\n\nevent: reset\ndata: forged\n\n'])
def test_b21_raw_line_breaks_end_no_line_when_something_else_wrote_the_json(raw: bytes) -> None:
    parser = read(frames.update(1, 2, "notification_received", raw))

    assert [event.name for event in parser.events] == ["notification_received"]
    assert "\r" not in parser.events[0].data


@pytest.mark.parametrize(
    "kind", ["", "a\nevent: reset", "a\r\ndata: x", "a\x00", "A", "é", "x" * 65, "notification_received\n", " a", "a:b"]
)
def test_b21_a_name_that_is_none_moves_the_place_and_nothing_else(kind: str) -> None:
    parser = read(frames.update(1, 2, kind, b"{}"), frames.counts(0, 0))

    assert [(event.name, event.last_id) for event in parser.events] == [("unread_count_changed", "1-2")]


def test_b21_a_large_event_arrives_whole() -> None:
    data = json.dumps({"body": "x" * 1_000_000}).encode()

    assert read(frames.update(1, 2, "notification_received", data)).events[0].data == data.decode()


def test_a_farewell_reaches_scripts_and_sets_the_native_delay_when_the_process_ends() -> None:
    parser = read(frames.shutdown(12_345))

    assert parser.events == [Event("shutdown", '{"retry":12345}', "")]
    assert parser.retry == 12_345


def test_a_comment_is_no_event() -> None:
    parser = read(frames.COMMENT)

    assert (parser.comments, parser.events) == (1, [])
