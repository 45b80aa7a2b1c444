"""Text as chat services take it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.channels.chat.slack_blocks import escaped
from infrastructure.channels.chat.wording import cut, link_buttons, one_line, paragraphs, utf16_units
from tests.integration.channels.chat_server import chat_message

FAMILY = "👨‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 0, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 1, "…"),
        ("abcd", 0, ""),
        ("ab  cd", 5, "ab…"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("e\u0301e\u0301", 3, "e\u0301…"),
        (FAMILY * 2, 12, f"{FAMILY}…"),
        ("👍🏽👍🏽", 7, "👍🏽…"),
        ("❤\ufe0f❤\ufe0f", 3, "❤\ufe0f…"),
    ],
)
def test_cuts_between_characters_when_a_text_is_too_long(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(st.text(st.sampled_from("a&<é😀\u0301\u200d \n"), max_size=60), st.integers(0, 60))
def test_a_cut_text_keeps_the_limit_and_the_beginning_whatever_it_holds(text: str, limit: int) -> None:
    for size in (len, utf16_units, lambda part: len(escaped(part))):
        short = cut(text, limit, size)
        assert size(short) <= limit
        assert short == text or text.startswith(short.removesuffix("…"))
        assert (short == text) == (size(text) <= limit)


@given(st.text(max_size=200))
def test_clean_text_can_be_encoded_and_holds_no_controls(text: str) -> None:
    paragraphs(text).encode("utf-8")
    assert one_line(text) == one_line(one_line(text))
    assert not {each for each in paragraphs(text) if each < " " and each not in "\n\t"}
    assert "\n" not in one_line(text)


def test_line_ends_become_one_kind_and_lone_surrogates_a_question_mark() -> None:
    assert paragraphs("\r\na\rb\u2028c\ud800\n") == "a\nb\nc?"
    assert one_line(" a\r\n\tb\x00\x1b ") == "a b"


@pytest.mark.parametrize(
    "url",
    [None, "", "shop://order/1", "javascript:alert(1)", "https://", "http:///x", "https://a b.example", "https://a/\n",
     "https://[::1", "https://a.example/<x>", "HTTPS//a.example", "https://a.example/" + "x" * 100],
)  # fmt: skip
def test_a_link_that_services_refuse_is_left_out(url: str | None) -> None:
    message = chat_message({}, actions=[{"id": "a", "label": "A", "url": url}])
    assert link_buttons(message, most=5, label=10, url=100) == []


def test_a_label_is_one_line_of_text_and_else_the_link() -> None:
    actions = [{"label": "Open\r\nit", "url": "https://a.example"}, {"label": "\x00", "url": "https://a.example"}]
    buttons = link_buttons(chat_message({}, actions=actions), most=5, label=17, url=100)
    assert [button.label for button in buttons] == ["Open it", "https://a.example"]
