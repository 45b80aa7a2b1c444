"""Places in streams."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.realtime.cursor import Cursor
from domain.realtime.stream import StreamHead

EPOCHS = st.integers(0, 10**15 - 1)
SEQS = st.integers(0, 10**18 - 1)


@given(EPOCHS, SEQS)
def test_a_cursor_is_read_as_it_was_written_when_it_comes_back(epoch: int, seq: int) -> None:
    cursor = Cursor(epoch, seq)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "1--2",
        "+1-2",
        " 1-2",
        "1-2 ",
        "1-2\n",
        "1_0-2",
        "0x1-2",
        "1.0-2",
        "\uff11-\uff12",
        "\u0663-\u0664",
        "1-2\x00",
        f"{10**15}-1",
        f"1-{10**18}",
        "9" * 5_000,
    ],
)
def test_a_text_is_no_cursor_when_it_was_never_written(text: str) -> None:
    assert Cursor.parse(text) is None


@given(st.text())
def test_no_text_makes_it_raise_when_it_is_parsed(text: str) -> None:
    cursor = Cursor.parse(text)
    assert cursor is None or (cursor.epoch >= 0 and cursor.seq >= 0)


def test_cursors_are_in_order_when_they_are_of_one_history() -> None:
    assert Cursor(7, 9) < Cursor(7, 10)


def head(seq: int, oldest_seq: int) -> StreamHead:
    return StreamHead(stream_id=UUID(int=1), epoch=7, seq=seq, unread=0, unseen=0, oldest_seq=oldest_seq)


@pytest.mark.parametrize(
    ("cursor", "possible"),
    [
        (Cursor(7, 10), True),
        (Cursor(7, 3), True),
        (Cursor(7, 2), False),
        (Cursor(7, 0), False),
        (Cursor(7, 11), False),
        (Cursor(6, 5), False),
        (Cursor(8, 5), False),
    ],
)
def test_replay_is_possible_when_nothing_after_the_cursor_is_gone(cursor: Cursor, possible: bool) -> None:
    assert head(seq=10, oldest_seq=4).can_replay_from(cursor) is possible


def test_only_the_head_can_be_replayed_from_when_the_log_is_empty() -> None:
    empty = head(seq=10, oldest_seq=11)
    assert empty.can_replay_from(empty.cursor)
    assert not empty.can_replay_from(Cursor(7, 9))
    assert head(seq=0, oldest_seq=1).can_replay_from(Cursor(7, 0))


@given(st.integers(0, 30), st.integers(1, 31), st.integers(0, 40))
def test_replay_misses_nothing_when_it_is_possible(seq: int, oldest_seq: int, cursor: int) -> None:
    kept = set(range(min(oldest_seq, seq + 1), seq + 1))
    stream = head(seq=seq, oldest_seq=min(oldest_seq, seq + 1))

    needed = set(range(cursor + 1, seq + 1))
    assert stream.can_replay_from(Cursor(7, cursor)) == (needed <= kept and cursor <= seq)
