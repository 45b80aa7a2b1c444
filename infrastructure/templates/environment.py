"""Liquid as tenants may use it."""

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from liquid import Environment
from liquid.context import RenderContext
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError, TemplateNotFoundError
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import FalsyStrictUndefined, Undefined
from markupsafe import Markup

from application.ports.templates import MAX_TEMPLATE_BYTES
from infrastructure.templates.bounded_filters import bound_all, strip_html
from infrastructure.templates.limits import MAX_CONTEXTS, MAX_ITERATIONS, MAX_LOCALS, CpuBudget
from infrastructure.templates.locale_filters import locale_filters
from infrastructure.templates.scope import JobContext, JobScope
from infrastructure.templates.translations import translate

# A parsed template takes a few dozen times the size of its source.
_CACHED_CHARACTERS: Final = 1024 * 1024
_PARTS: Final = (("{{", "}}"), ("{%", "%}"))
_VERBATIM: Final = tuple(
    (re.compile(rf"{{%-?\s*{tag}\s*-?%}}"), re.compile(rf"{{%-?\s*end{tag}\s*-?%}}")) for tag in ("raw", "doc")
)


class TenantTemplate(BoundTemplate):
    """A parsed template that puts its name to what goes wrong in it."""

    context_class = JobContext

    def fill_in(self, job: JobScope, data: Mapping[str, object]) -> str:
        """The text for `job`. Raises `LiquidError` and `OutOfTime`."""
        context = JobContext(self, globals=self.make_globals(data))
        context.job = job
        buffer = self._get_buffer()
        self.render_with_context(context, buffer)
        return buffer.getvalue()

    def render_with_context(self, context: RenderContext, *args: Any, **kwargs: Any) -> None:
        """As the library does it."""
        try:
            super().render_with_context(context, *args, **kwargs)
        except LiquidError as error:
            error.template_name = error.template_name or self.name
            raise


class TenantEnvironment(Environment):
    """Reads nothing but what it is given, and stops what takes too much; parses each source once."""

    template_class = TenantTemplate
    loop_iteration_limit = MAX_ITERATIONS
    local_namespace_limit = MAX_LOCALS
    output_stream_limit = MAX_TEMPLATE_BYTES
    context_depth_limit = MAX_CONTEXTS

    def __init__(self, budget: CpuBudget, *, escapes: bool, strict: bool) -> None:
        self.budget = budget
        self._parsed: OrderedDict[tuple[str, str], TenantTemplate] = OrderedDict()
        self._characters = 0
        super().__init__(autoescape=escapes, undefined=FalsyStrictUndefined if strict else Undefined)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """The library's own, bounded, and ours."""
        super().setup_tags_and_filters(extra=extra)
        self.filters = bound_all({**self.filters, "strip_html": strip_html, "json": _json}.items())
        self.filters |= locale_filters()
        translate.with_context = True  # type: ignore[attr-defined]  # By it the library knows who wants the context.
        self.filters["t"] = translate

    def from_string(self, source: str, name: str = "", *_: Any, **__: Any) -> TenantTemplate:
        """The parsed source; the same again while there is room for it. Raises `LiquidError` and `OutOfTime`."""
        known = self._parsed.get((name, source))
        if known is not None:
            self._parsed.move_to_end((name, source))
            return known
        template = self._parsed_now(source, name)
        self._remember(name, source, template)
        return template

    def get_template(self, name: str, *, context: RenderContext | None = None, **_: Any) -> TenantTemplate:
        """A partial of the job. There is nowhere else to look."""
        partials = context.job.partials if isinstance(context, JobContext) else {}
        if name not in partials:
            raise TemplateNotFoundError(f"there is no partial {name!r}", filename=name)
        return self.from_string(partials[name], name=f"partials.{name}")

    def _parse(self, source: str) -> Any:
        self._refuse_unclosed(source)
        return super()._parse(source)

    def tokenizer(self) -> Any:
        """The library's, which asks after the time at each token."""
        tokens = super().tokenizer()

        def counted(source: str) -> Iterator[Token]:
            for token in tokens(source):
                self.budget.step()
                yield token

        return counted

    def _parsed_now(self, source: str, name: str) -> TenantTemplate:
        if len(source.encode("utf-8", "replace")) > MAX_TEMPLATE_BYTES:
            raise ResourceLimitError(f"is larger than {MAX_TEMPLATE_BYTES} bytes", token=None, template_name=name)
        try:
            template = super().from_string(source, name)
        except LiquidError as error:
            error.template_name = name
            raise
        assert isinstance(template, TenantTemplate)
        return template

    def _remember(self, name: str, source: str, template: TenantTemplate) -> None:
        self._parsed[name, source] = template
        self._characters += len(source)
        while self._characters > _CACHED_CHARACTERS and len(self._parsed) > 1:
            (_, oldest), _ = self._parsed.popitem(last=False)
            self._characters -= len(oldest)

    def _refuse_unclosed(self, source: str) -> None:
        """Say it before the library's pattern looks for the end from every beginning, again and again."""
        rest = source
        for opening, closing in _VERBATIM:
            rest = _without_verbatim(rest, opening, closing)
        for begin, end in _PARTS:
            place = rest.find(begin, rest.rfind(end) + 1)
            if place >= 0:
                raise _never_closed(begin, end, place, source)


def _without_verbatim(source: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """`source` with spaces where a block stands that is not read; raises when one has no end."""
    parts, place = [], 0
    while begin := opening.search(source, place):
        end = closing.search(source, begin.end())
        if end is None:
            raise _never_closed(begin.group(), "{% end… %}", begin.start(), source)
        parts += [source[place : begin.start()], " " * (end.end() - begin.start())]
        place = end.end()
    return "".join([*parts, source[place:]])


def _never_closed(begin: str, end: str, place: int, source: str) -> LiquidSyntaxError:
    return LiquidSyntaxError(f"`{begin}` is never closed by `{end}`", token=Token("tag", begin, place, source))


def path_of(error: LiquidError, default: str) -> str:
    """Where in the source it went wrong."""
    name = error.template_name
    return str(name) if isinstance(name, str | Path) and str(name) else default


def _json(value: object, **_: object) -> str:
    """A value as JSON, for data inside of texts; safe in HTML as well."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text) if isinstance(value, Markup) else text  # noqa: S704  # Nothing of HTML is left in it.
