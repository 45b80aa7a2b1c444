"""Titles, bodies and identifiers as devices take them."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.channels.push.texts import as_text, collapse_id, fitted, size_of, topic_of
from tests.integration.channels.push_message import push_message


def rendered(title: str, body: str) -> dict[str, Any]:
    return {"alert": {"title": title, "body": body}}


@given(title=st.text(), body=st.text(max_size=3_000), limit=st.integers(min_value=1_300, max_value=4_096))
def test_whatever_was_written_fits_the_limit(title: str, body: str, limit: int) -> None:
    payload = fitted(push_message({}, title=title, body=body), rendered, limit)
    assert payload is not None
    assert size_of(payload) <= limit
    assert json.loads(json.dumps(payload)) == payload


def test_a_text_stays_whole_when_it_fits_to_the_byte() -> None:
    message = push_message({}, title="t", body="é" * 100)
    whole = rendered("t", "é" * 100)
    assert fitted(message, rendered, size_of(whole)) == whole
    cut = fitted(message, rendered, size_of(whole) - 1)
    assert cut == rendered("t", "é" * 98 + "…")


def test_a_cut_uses_what_room_there_is() -> None:
    payload = fitted(push_message({}, title="t", body="x" * 5_000), rendered, 1_000)
    assert payload is not None
    assert size_of(payload) == 1_000


def test_a_title_has_200_characters_at_most() -> None:
    payload = fitted(push_message({}, title="é" * 201, body="b"), rendered, 4_096)
    assert payload == rendered("é" * 199 + "…", "b")


def test_nothing_comes_of_it_when_the_rest_is_too_large() -> None:
    assert fitted(push_message({}, title="t", body="b"), lambda t, b: {"blob": "x" * 500, "t": t, "b": b}, 400) is None


def test_half_a_character_is_replaced_when_a_text_has_one() -> None:
    payload = fitted(push_message({}, title="a\ud83d", body="\udc00b"), rendered, 1_000)
    assert payload == rendered("a?", "?b")


@pytest.mark.parametrize("sequence_id", ["order-42", "x" * 64, "~!"])
def test_an_identifier_stays_when_a_header_can_carry_it(sequence_id: str) -> None:
    assert collapse_id(sequence_id) == sequence_id


@pytest.mark.parametrize("sequence_id", ["x" * 65, "é", "a b", "a\r\nb", "a\x00"])
def test_an_identifier_is_digested_when_a_header_cannot_carry_it(sequence_id: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", collapse_id(sequence_id))
    assert collapse_id(sequence_id) != collapse_id(sequence_id + "x")


@pytest.mark.parametrize("sequence_id", ["order-42", "é" * 500, "\ud83d", ""])
def test_a_topic_has_32_characters_of_base64url(sequence_id: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{32}", topic_of(sequence_id))


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (1, "1"), (True, "true"), (None, "null"), ([1], "[1]")])
def test_a_value_is_json_unless_it_is_a_string(value: object, text: str) -> None:
    assert as_text(value) == text
