"""What can be told of a source without any data."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from liquid.ast import Node
from liquid.builtin.expressions import StringLiteral
from liquid.template import BoundTemplate

from application.ports.templates import ProblemCode, RenderProblem, TemplateSource
from domain.notifications.channel import Channel
from domain.shared.json import JsonValue
from infrastructure.templates.engine import MARKUP_FIELDS, MJML_ROOT, Engine, goes_around
from infrastructure.templates.environment import TenantEnvironment
from infrastructure.templates.fields import texts_in
from infrastructure.templates.limits import OutOfTime
from infrastructure.templates.problems import problem_of

_MOST_PROBLEMS: Final = 50
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_CONTENT = re.compile(r"\{\{-?\s*content\b[^}]*\}\}")


class Checker:
    """Looks through one source; each text has the CPU time of a job."""

    def __init__(self, engine: Engine, source: TemplateSource) -> None:
        self._engine = engine
        self._source = source

    def problems(self) -> list[RenderProblem]:
        """All that is wrong, at most fifty."""
        found: list[RenderProblem] = []
        for path, text, escapes in self._texts():
            found += self._guarded(path, partial(self._text, path, text, escapes))
            if len(found) >= _MOST_PROBLEMS:
                break
        if not found:
            found += self._guarded("layout", self._layout)
            found += self._guarded("mjml", self._mjml)
        return found[:_MOST_PROBLEMS]

    def _texts(self) -> Iterator[tuple[str, str, bool]]:
        """Path, text, and whether its values are escaped. Partials serve both, so they are read as HTML."""
        source = self._source
        for name, value in source.fields.items():
            yield from ((path, text, name in MARKUP_FIELDS) for path, text in texts_in(value, name))
        if source.layout is not None:
            yield "layout", source.layout, True
        yield from ((f"partials.{name}", text, True) for name, text in source.partials.items())
        for locale, texts in source.translations.items():
            yield from ((path, text, False) for path, text in texts_in(texts, f"translations.{locale}"))

    def _guarded(self, path: str, look: Callable[[], Iterator[RenderProblem]]) -> list[RenderProblem]:
        self._engine.budget.restart()
        found: list[RenderProblem] = []
        try:
            found.extend(look())
        except (OutOfTime, Exception) as error:  # noqa: BLE001  # Whatever a template brings a library to.
            found.append(problem_of(error, path))
        return found

    def _text(self, path: str, text: str, escapes: bool) -> Iterator[RenderProblem]:
        environment = self._engine.environment(escapes=escapes, strict=False)
        template = environment.from_string(text, name=path)
        analysis = template.analyze(include_partials=False)
        for name, spans in analysis.filters.items():
            if name not in environment.filters:
                yield _unknown(f"there is no filter `{name}`", path, text, spans[0].index)
        yield from self._missing_partials(template, environment, path, text)

    def _missing_partials(
        self, template: BoundTemplate, environment: TenantEnvironment, path: str, text: str
    ) -> Iterator[RenderProblem]:
        context = template.context_class(template)
        waiting: list[Node] = list(template.nodes)
        while waiting:
            node = waiting.pop()
            environment.budget.step()
            waiting += node.children(context, include_partials=False)
            name = _partial_named_by(node)
            if name is not None and name not in self._source.partials:
                message = f"there is no partial {name!r}"
                yield _unknown(message, path, text, node.token.start_index, ProblemCode.UNDEFINED)

    def _layout(self) -> Iterator[RenderProblem]:
        layout = self._source.layout
        if layout is not None and not _CONTENT.search(layout):
            message = "says nowhere `{{ content }}`: what it goes around would be missing"
            yield RenderProblem(code=ProblemCode.SYNTAX, message=message, path="layout")

    def _mjml(self) -> Iterator[RenderProblem]:
        """Read as MJML what Liquid does not decide; with tags around its elements only data can tell."""
        mjml = _whole(self._source.fields, self._source.layout)
        if self._source.channel is Channel.EMAIL and mjml is not None and "{%" not in mjml:
            self._engine.documents.html_of_mjml(_LIQUID.sub("x", mjml))
        yield from ()


def _whole(fields: Mapping[str, JsonValue], layout: str | None) -> str | None:
    mjml = fields.get("mjml")
    if not isinstance(mjml, str):
        return None
    if layout is None or not goes_around(layout, "mjml", mjml) or not MJML_ROOT.match(layout):
        return mjml
    return _CONTENT.sub(lambda _: mjml, layout)


def _partial_named_by(node: Node) -> str | None:
    """The name of the partial that `node` loads, where it stands there in so many words."""
    scope = node.partial_scope()
    if scope is None:
        return None
    name = scope.name
    if isinstance(name, StringLiteral):
        return name.value
    return name if isinstance(name, str) else None


def _unknown(message: str, path: str, text: str, index: int, code: ProblemCode = ProblemCode.SYNTAX) -> RenderProblem:
    return RenderProblem(code=code, message=message, path=path, line=text.count("\n", 0, index) + 1)
