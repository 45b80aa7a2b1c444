"""One text for one value: base64url and JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.security import base64url
from infrastructure.security.strict_json import read_object, write_object


@given(st.binary(max_size=64))
def test_bytes_are_read_back_when_encoded(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@given(st.binary(min_size=1, max_size=64), st.data())
def test_no_other_text_decodes_to_the_same_bytes_when_one_character_changes(data: bytes, draw: st.DataObject) -> None:
    text = base64url.encode(data)
    place = draw.draw(st.integers(0, len(text) - 1))
    other = text[:place] + draw.draw(st.characters()) + text[place + 1 :]
    try:
        decoded = base64url.decode(other)
    except ValueError:
        return
    assert (decoded == data) == (other == text)


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q Q", "QQ\n", "+/+/", "é", "\ud800", "QQ!"])
def test_text_is_refused_when_it_is_not_the_canonical_spelling(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1}x',
        b'\xff\xfe{\x00"\x00a\x00"\x00:\x001\x00}\x00',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)
def test_json_is_refused_when_readers_could_differ_about_it(data: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        read_object(data)


def test_an_object_is_read_back_when_written() -> None:
    value = {"a": 1, "b": "é\u2028", "c": [True, None]}

    assert read_object(write_object(value)) == value


def test_nothing_is_written_when_a_number_is_not_finite() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_object({"a": float("nan")})
