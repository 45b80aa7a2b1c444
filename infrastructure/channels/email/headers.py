"""Header lines of a mail, written and then checked.

Not by `EmailMessage`: on Python 3.11 it decodes encoded words in a value it is given and writes the line break inside
`=?UTF-8?Q?=0A?=` as a real one (CVE-2024-6923), and it breaks long List-Unsubscribe URLs into encoded words.
"""

import re
from collections.abc import Iterable, Sequence
from email.header import Header

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN = re.compile(r"[ -~]{0,200}")
_LINE = re.compile(rb"([A-Za-z][A-Za-z-]*): ?([ -~]*)")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_MAX_LINE = 998  # RFC 5322 section 2.1.1


class UnsafeHeader(ValueError):
    """A header would not be what it was meant to be"""


def one_line(text: str) -> str:
    """`text` without control characters and lone surrogates."""
    return _CONTROLS.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()


def text_value(text: str, *, header_name: str) -> str:
    """Free text on one line, as RFC 2047 encoded words unless it is short plain ASCII; folded by CRLF and a space."""
    line = one_line(text)
    if _PLAIN.fullmatch(line) and "=?" not in line:
        return line
    return Header(line, "utf-8", header_name=header_name).encode(linesep="\r\n")


def mailbox_value(name: str | None, address: str, *, header_name: str) -> str:
    """`name` and `<address>`; the address is plain ASCII and was validated."""
    line = one_line(name or "")
    if not line:
        return address
    # A quoted string for what is plain: commas and brackets in it mean nothing there.
    if _PLAIN.fullmatch(line) and "=?" not in line:
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    words = Header(line, "utf-8", header_name=header_name).encode(linesep="\r\n")
    return f"{words}\r\n <{address}>"


def header_block(headers: Sequence[tuple[str, str]]) -> bytes:
    """The lines, without the empty line that ends them. Raises `UnsafeHeader` for what is not ASCII."""
    try:
        return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    except UnicodeEncodeError as error:
        raise UnsafeHeader("not ASCII") from error


def assert_headers(raw: bytes, intended: Iterable[str]) -> None:
    """Raise `UnsafeHeader` unless the header lines of `raw` are those of `intended`, each once, and nothing else."""
    found = []
    for line in _FOLD.sub(b"", raw).removesuffix(b"\r\n").split(b"\r\n"):
        match = _LINE.fullmatch(line)
        if match is None:
            raise UnsafeHeader("a line is no header")
        found.append(match[1].decode("ascii").lower())
    if sorted(found) != sorted(name.lower() for name in intended):
        raise UnsafeHeader("headers differ from those intended")
    if any(len(line) > _MAX_LINE for line in raw.split(b"\r\n")):
        raise UnsafeHeader("a line is too long")
