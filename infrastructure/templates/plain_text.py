"""The text part of an e-mail, made from its HTML."""

import re
from html.parser import HTMLParser
from typing import Final

_SILENT: Final = frozenset({"head", "style", "script", "title", "template", "noscript", "svg", "object", "select"})
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "source", "wbr", "embed"})
_LINES: Final = frozenset({"div", "li", "tr", "dt", "dd", "address", "article", "section", "header", "footer", "main"})
_PARAGRAPHS: Final = frozenset(
    {"p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
# What preheaders are padded with, so that nothing else shows in a list of mails.
_INVISIBLE: Final = {ord(character): None for character in "\u200b\u200c\u200d\u2060\ufeff\u034f\u00ad"}


class _Writer(HTMLParser):
    """Collects what a reader would see, line by line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._silent: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._lists: list[int | None] = []
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._silent or tag in _SILENT or _HIDDEN.search(given.get("style") or "") or "hidden" in given:
            if tag not in _VOID:
                self._silent.append(tag)
            return
        self._open(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        self._close(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line.append(data.translate(_INVISIBLE))

    def _open(self, tag: str, given: dict[str, str | None]) -> None:
        self._break_before(tag)
        match tag:
            case "br":
                self._end_line()
            case "hr":
                self._paragraph()
                self._line.append("---")
                self._paragraph()
            case "a":
                self._links.append((given.get("href") or "", len(self._line)))
            case "img":
                self._line.append(given.get("alt") or "")
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else None)
            case "li":
                self._line.append(self._bullet())
            case "td" | "th":
                self._cell()

    def _close(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        self._break_before(tag)

    def _break_before(self, tag: str) -> None:
        if tag in _PARAGRAPHS and not (tag in {"ul", "ol"} and self._lists):
            self._paragraph()
        elif tag in _LINES or tag in _PARAGRAPHS:
            self._end_line()
        if tag == "tr":
            self._cells = 0

    def _cell(self) -> None:
        if self._cells and "".join(self._line).strip():
            self._line.append("  ")
        self._cells += 1

    def _bullet(self) -> str:
        indent = "  " * (len(self._lists) - 1)
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        number = self._lists[-1] + 1
        self._lists[-1] = number
        return f"{indent}{number}. "

    def _end_link(self, href: str, start: int) -> None:
        label = _SPACES.sub(" ", "".join(self._line[start:])).strip()
        target = href.removeprefix("mailto:")
        if target and not href.startswith(("#", "javascript:")) and target != label:
            self._line.append(f" ({target})" if label else target)

    def _paragraph(self) -> None:
        self._end_line()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def _end_line(self) -> None:
        raw = "".join(self._line)
        text = _SPACES.sub(" ", raw).strip()
        if text:
            self._lines.append(self._indent(raw, text))
        self._line.clear()
        self._links = [(href, 0) for href, _ in self._links]

    def _indent(self, raw: str, text: str) -> str:
        nested = len(self._lists) > 1 and raw.startswith("  ")
        return "  " * (len(self._lists) - 1) + text if nested else text

    def text(self) -> str:
        """What was collected."""
        self._paragraph()
        return "\n".join(self._lines).strip() + "\n" if self._lines else ""


def text_of(html: str) -> str:
    """What a reader of `html` would see: links as `label (address)`, lists, a line for each row of a table.

    Left out is what nobody sees: heads, scripts, and what is hidden, as preheaders are.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()
