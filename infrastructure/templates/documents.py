"""From MJML or HTML with a style sheet to HTML that mail clients read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import mrml
from css_inline import CSSInliner, InlineError
from markupsafe import escape

from application.ports.templates import MAX_TEMPLATE_BYTES

_DEEPEST: Final = 200
# Elements times rules and selectors: styling is a loop over both, in a library that cannot be interrupted.
_MOST_MATCHES: Final = 1_000_000
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)")
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "source", "wbr"})
# HTML ends these by itself, and many authors leave it to that.
_ENDED_BY_THEMSELVES: Final = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "tbody", "thead", "option"})
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_PREHEADER: Final = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;'
    'mso-hide:all">{}</div>'
)


class NotMjml(Exception):
    """MJML that cannot be read"""


class TooComplex(Exception):
    """More than can be converted in the time of a job"""


class Documents:
    """Converters that reach neither disk nor network.

    `mrml` inlines what stands in `<mj-style inline="inline">` by itself and needs its other styles where they are;
    the inliner is for HTML that somebody wrote with a style sheet.
    """

    def __init__(self) -> None:
        self._parser = mrml.ParserOptions(include_loader=mrml.noop_loader())
        # Fonts: none from a server of others, unless the author asks for it by <mj-font>.
        self._options = mrml.RenderOptions(fonts={})
        self._inliner = CSSInliner(
            keep_style_tags=False, keep_at_rules=True, keep_link_tags=True, load_remote_stylesheets=False
        )

    def html_of_mjml(self, source: str) -> str:
        """Raises `NotMjml` and `TooComplex`."""
        _refuse_complex(source, _VOID)
        with _panics_as_errors():
            try:
                return _fitting(mrml.to_html(source.strip(), self._parser, self._options).content)
            except OSError as error:  # The library's only kind of error.
                raise NotMjml(str(error)) from error

    def inlined(self, html: str) -> str:
        """`html` with its styles at the elements, as a whole document. Raises `TooComplex`."""
        _refuse_complex(html, _VOID | _ENDED_BY_THEMSELVES)
        with _panics_as_errors():
            try:
                return _fitting(self._inliner.inline(html))
            except InlineError as error:
                raise TooComplex(f"has styles that cannot be read: {error}") from error


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """What both libraries raise when they fail in a way of their own is no `Exception`, and has no name to import."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise TooComplex("cannot be converted") from error


def with_preheader(html: str, preheader: str) -> str:
    """`html` whose first, hidden line is what lists of mails show after the subject."""
    hidden = _PREHEADER.format(escape(preheader))
    body = _BODY.search(html)
    place = body.end() if body else 0
    return html[:place] + hidden + html[place:]


def _fitting(html: str) -> str:
    if len(html.encode("utf-8", "replace")) > 2 * MAX_TEMPLATE_BYTES:
        raise TooComplex("makes a document that is too large")
    return html


def _refuse_complex(source: str, flat: frozenset[str]) -> None:
    if _depth(source, flat) > _DEEPEST:
        raise TooComplex(f"nests elements deeper than {_DEEPEST}")
    rules = source.count("{") + source.count(",") if "<style" in source or "mj-style" in source else 0
    if rules * source.count("<") > _MOST_MATCHES:
        raise TooComplex("has more style rules for its elements than can be applied")


def _depth(source: str, flat: frozenset[str]) -> int:
    """How deep elements are nested, at least about: both libraries recurse, and overflow the stack of the process.

    Not counted are those in `flat`, which hold none of their kind.
    An end counts only for the element that was begun last, so that ends which are none (in a comment, say) do not
    make the rest look shallow.
    """
    opened: list[str] = []
    deepest = 0
    for ending, written, rest in _TAG.findall(source):
        name = written.lower()
        if ending:
            if opened and opened[-1] == name:
                opened.pop()
        elif not rest.endswith("/") and name not in flat:
            opened.append(name)
            deepest = max(deepest, len(opened))
    return deepest
