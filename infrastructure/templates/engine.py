"""Renders one job after the other, in the thread that calls it."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from markupsafe import Markup

from application.ports.templates import MAX_TEMPLATE_BYTES, Rendered, RenderJob, RenderProblem
from domain.notifications.channel import Channel
from domain.shared.json import JsonValue
from infrastructure.templates.documents import Documents, TooComplex, with_preheader
from infrastructure.templates.environment import TenantEnvironment
from infrastructure.templates.fields import with_texts
from infrastructure.templates.limits import CPU_SECONDS, MAX_TOTAL, CpuBudget, OutOfTime
from infrastructure.templates.plain_text import text_of
from infrastructure.templates.problems import problem_of
from infrastructure.templates.scope import JobScope, scope_of

# Their values are escaped; everywhere else a text is a text.
MARKUP_FIELDS: Final = frozenset({"html", "mjml"})
MJML_ROOT = re.compile(r"\s*<mjml\b", re.IGNORECASE)
# In UTF-8 as well.
_SURELY_FITS: Final = MAX_TEMPLATE_BYTES // 4
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Engine:
    """Liquid, MJML and styles for one thread; parsed sources are kept for the next job.

    `seconds` of CPU for each job are watched between steps: what runs inside of one call of a library, somebody else
    has to end.
    """

    def __init__(self, *, seconds: float = CPU_SECONDS) -> None:
        self.budget = CpuBudget(seconds)
        self.documents = Documents()
        self._environments = {
            (escapes, strict): TenantEnvironment(self.budget, escapes=escapes, strict=strict)
            for escapes in (False, True)
            for strict in (False, True)
        }

    def environment(self, *, escapes: bool, strict: bool) -> TenantEnvironment:
        """The one that parses and renders such sources."""
        return self._environments[escapes, strict]

    def render(self, job: RenderJob) -> Rendered | RenderProblem:
        """The fields filled in, or what was wrong with the first that could not be."""
        self.budget.restart()
        run = _Run(self, job)
        try:
            return Rendered(fields=run.fields())
        except (OutOfTime, Exception) as error:  # noqa: BLE001  # Whatever a template brings a library to.
            return problem_of(error, run.path)


class _Run:
    """One job; `path` is the field that is at work."""

    def __init__(self, engine: Engine, job: RenderJob) -> None:
        self.path = ""
        self._left = MAX_TOTAL
        self._engine = engine
        self._source = job.source
        self._job = job

    def fields(self) -> Mapping[str, JsonValue]:
        scope = scope_of(self._job)
        now = {"now": scope.now.isoformat(), "today": scope.now.date().isoformat()}
        data = {**now, "locale": str(scope.locale), **self._job.data}
        filled = {
            name: with_texts(value, partial(self._filled_in, name=name, scope=scope, data=data), name)
            for name, value in self._source.fields.items()
        }
        return self._mail(filled) if self._source.channel is Channel.EMAIL else filled

    def _filled_in(self, path: str, text: str, *, name: str, scope: JobScope, data: Mapping[str, object]) -> str:
        self.path = path
        escapes = name in MARKUP_FIELDS
        found = self._liquid(text, path, scope, data, escapes=escapes)
        layout = self._source.layout
        if escapes and layout is not None and goes_around(layout, name, text):
            self.path = "layout"
            inside = {**data, "content": Markup(found)}  # noqa: S704  # Its values were escaped.
            found = self._liquid(layout, "layout", scope, inside, escapes=True)
        self._left -= len(found)
        if self._left < 0:
            raise TooComplex(f"makes more than {MAX_TOTAL} characters in all its fields")
        return found

    def _liquid(self, text: str, name: str, scope: JobScope, data: Mapping[str, object], *, escapes: bool) -> str:
        if "{" not in text and len(text) <= _SURELY_FITS:
            return text
        environment = self._engine.environment(escapes=escapes, strict=scope.strict)
        return environment.from_string(text, name=name).fill_in(scope, data)

    def _mail(self, filled: dict[str, JsonValue]) -> Mapping[str, JsonValue]:
        """MJML as HTML, a text beside it, and a subject that is one line."""
        made = dict(filled)
        html = self._html(made)
        if html is not None:
            made["html"] = html
            if not made.get("text"):
                self.path = "text"
                made["text"] = text_of(html)
        if isinstance(made.get("subject"), str):
            made["subject"] = one_line(made["subject"])
        return made

    def _html(self, made: dict[str, JsonValue]) -> str | None:
        mjml, html, preheader = made.pop("mjml", None), made.get("html"), made.get("preheader")
        if isinstance(mjml, str):
            self.path = "mjml"
            html = self._engine.documents.html_of_mjml(mjml)
        elif isinstance(html, str):
            self.path = "html"
            html = self._engine.documents.inlined(html)
        else:
            return None
        return with_preheader(html, one_line(preheader)) if isinstance(preheader, str) else html


def goes_around(layout: str, name: str, text: str) -> bool:
    """Whether `layout` is one for this field: MJML around a part of MJML, HTML around HTML."""
    if MJML_ROOT.match(layout):
        return name == "mjml" and not MJML_ROOT.match(text)
    return name == "html"


def one_line(text: str) -> str:
    """`text` without line breaks and other controls: a header cannot hold them."""
    return " ".join(_NOT_IN_A_LINE.sub(" ", text).split())
