import pytest

from infrastructure.channels.provider_words import quoted


@pytest.mark.parametrize("text", ["", b"", "\r\n\t ", b"\x00\x00"])
def test_nothing_said_is_none(text: str | bytes) -> None:
    assert quoted(text) is None


def test_words_fit_one_line_and_a_text_column() -> None:
    words = quoted("a\r\nb\x00c\x1b[31md\u2028e\x85f \udcffg")
    assert words == "a b c [31md e f ?g"
    assert words.isprintable()


def test_long_words_are_cut_at_four_kilobytes_between_characters() -> None:
    words = quoted("é" * 10_000)
    assert words is not None
    assert len(words.encode("utf-8")) <= 4_096
    assert set(words) == {"é"}


def test_bytes_that_are_no_utf8_are_shown_as_such() -> None:
    assert quoted(b"caf\xe9") == "caf\ufffd"


def test_secrets_are_hidden_the_longer_first() -> None:
    assert quoted("abc abcdef xyz", secrets=["abc", "abcdef", None, ""]) == "[hidden] [hidden] xyz"


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "crl_" + "a1B2c3D4e5" * 3 + "000000",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln",
    ],
)
def test_whatever_looks_like_a_secret_is_hidden(secret: str) -> None:
    assert quoted(f"got {secret} from you") == "got [hidden] from you"
