import pytest

from infrastructure.config.dotenv import parse_dotenv


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("KEY=value", "value"),
        ("export KEY=value", "value"),
        ("  KEY = value  ", "value"),
        ("KEY=", ""),
        ("KEY=a b # comment", "a b"),
        ("KEY=a#b", "a#b"),
        ("KEY=# only a comment", ""),
        ("KEY='a # b'", "a # b"),
        (r"KEY='a\n$HOME'", r"a\n$HOME"),
        ('KEY="a # b" # comment', "a # b"),
        (r'KEY="a\n\t\"\\b"', 'a\n\t"\\b'),
        (r'KEY="c:\data"', r"c:\data"),
        ("KEY=${OTHER}-$PLAIN", "${OTHER}-$PLAIN"),
        ("KEY=a=b==", "a=b=="),
        ("\ufeffKEY=value", "value"),
    ],
)
def test_reads_the_value_when_the_line_is_an_entry(line: str, expected: str) -> None:
    entries, bad = parse_dotenv(line)

    assert bad == []
    assert [(entry.key, entry.text) for entry in entries] == [("KEY", expected)]


@pytest.mark.parametrize(
    "line",
    [
        "just words",
        "=anything",
        "1KEY=value",
        "KEY-A=value",
        "KEY='open",
        'KEY="open',
        "KEY='a' b",
        'KEY="a"b',
        "KEY: value",
    ],
)
def test_reports_the_line_without_its_text_when_it_is_no_entry(line: str) -> None:
    entries, bad = parse_dotenv(f"GOOD=1\n\n{line}\nALSO=2")

    assert [entry.key for entry in entries] == ["GOOD", "ALSO"]
    assert [each.line for each in bad] == [3]
    assert line not in bad[0].message


def test_skips_blank_lines_and_comments_when_they_stand_between_entries() -> None:
    entries, bad = parse_dotenv("\n# A=1\n   \n\tB=2\r\n#C=3\n")

    assert [(entry.key, entry.text, entry.line) for entry in entries] == [("B", "2", 4)]
    assert bad == []


def test_reports_a_repetition_when_a_key_stands_twice() -> None:
    _, bad = parse_dotenv("A=1\nB=2\nA=3")

    assert [(each.line, each.message) for each in bad] == [(3, "repeats a key of line 1")]
