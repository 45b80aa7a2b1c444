"""What tenants may try (B-20): with processes that can be killed, and with nothing but the bounds of the language."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from application.ports.templates import (
    MAX_TEMPLATE_BYTES,
    ProblemCode,
    Rendered,
    RenderJob,
    RenderProblem,
    Templates,
    TemplateSource,
)
from domain.notifications.channel import Channel
from infrastructure.templates.in_process import InProcessTemplates
from infrastructure.templates.pooled import PooledTemplates
from infrastructure.templates.process_pool import RenderPool

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
# Far more than a job may have, far less than any of these would take.
SOON = 20.0


@asynccontextmanager
async def pooled() -> AsyncIterator[Templates]:
    pool = RenderPool(processes=1, waiting=8)
    yield PooledTemplates(pool)
    await pool.stop()


@asynccontextmanager
async def in_process() -> AsyncIterator[Templates]:
    templates = InProcessTemplates()
    yield templates
    await templates.stop()


ADAPTERS = {"pooled": pooled, "in_process": in_process}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=ADAPTERS)
async def templates(request: pytest.FixtureRequest) -> AsyncIterator[Templates]:
    opened: AbstractAsyncContextManager[Templates] = ADAPTERS[request.param]()
    async with opened as made:
        yield made


async def rendered(templates: Templates, fields: Mapping[str, Any], **more: Any) -> Rendered | RenderProblem:
    """What came of it, in time; and what comes after it is as good as ever."""
    data = more.pop("data", {"payload": {"items": [1, 2, 3], "text": "x"}})
    channel = Channel.EMAIL if {"html", "mjml"} & set(fields) else None
    source = TemplateSource(channel=channel, fields=fields, **more)
    before = time.monotonic()
    outcome = await templates.render(RenderJob(source=source, data=data, now=NOW))
    assert time.monotonic() - before < SOON
    after = RenderJob(source=TemplateSource(channel=None, fields={"a": "{{ b }}"}), data={"b": "fine"}, now=NOW)
    assert await templates.render(after) == Rendered(fields={"a": "fine"})
    return outcome


@pytest.mark.parametrize(
    "text",
    [
        "{{ payload.__class__.__mro__ }}",
        "{{ payload['__class__'] }}{{ payload['__class__']['__mro__'][1] }}{{ payload.items[0].real }}",
        "{{ forloop.__class__ }}{% for i in payload.items %}{{ forloop.__class__ }}{{ forloop.it }}{% endfor %}",
        "{{ payload.items.__len__ }}{{ payload.items.append }}{{ payload.keys }}{{ payload.get }}",
        "{{ self }}{{ context }}{{ env }}{{ template }}{{ lipsum.__globals__ }}{{ cycler.__init__ }}",
        "{{ block }}{{ content.__init__ }}{{ now.__class__ }}{{ translations }}{{ job }}",
    ],
)
async def test_finds_nothing_when_a_template_walks_into_objects(templates: Templates, text: str) -> None:
    outcome = await rendered(templates, {"body": text})

    assert isinstance(outcome, Rendered)
    assert "<" not in outcome.fields["body"]
    assert "builtin" not in outcome.fields["body"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ payload | attr: '__class__' }}",
        "{{ '{0.__class__}' | format: payload }}",
        "{{ 'a' * 200000000 }}",
        "{{ 'a' | center: 200000000 }}",
        "{{ request.application.__globals__.__builtins__.__import__('os').popen('id').read() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__ }}",
        "{% import 'os' %}",
        "{% extends 'x' %}",
        "{{ payload.items | map('upper') }}",
        "{{",
        "{% if",
        "{% raw %}" * 20_000,
        "{% doc %}" * 20_000,
        "{% if true %}" * 50_000,
        "{{ a" + "[b" * 20_000 + "]" * 20_000 + " }}",
        "{{ 'x' | date: '" + "%Y" * 100_000 + "' }}{{ 'now' | date: '" + "%Y" * 1_000 + "' }}",
    ],
)
async def test_is_a_problem_when_a_template_says_what_the_language_has_not(templates: Templates, text: str) -> None:
    assert isinstance(await rendered(templates, {"body": text}), RenderProblem)


BOMBS = {
    "nested_loops": "{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}",
    "one_long_loop": "{% for a in (1..10000000000) %}{% endfor %}",
    "range_of_digits": "{% for a in (1..9999999999999999999999999999) %}{% endfor %}",
    "loops_through_partials": "{% render 'loop' %}",
    "silent_loops": "{% for a in (1..9999) %}" + "{% if true %}{% endif %}" * 2_000 + "{% endfor %}",
    "doubling": "{% assign a = 'aaaaaaaa' %}" + "{% assign a = a | append: a %}" * 60,
    "doubling_by_replace": "{% assign a = 'aaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 8,
    "appending_in_one_expression": "{% assign a = 'a' %}" + "{% assign a = a | append: a %}" * 17
    + "{{ a" + " | append: a" * 2_000 + " }}",
    "doubling_a_list": "{% assign a = 'a,b' | split: ',' %}" + "{% assign a = a | concat: a %}" * 60,
    "joining": "{% assign s = 'a' %}" + "{% assign s = s | append: s %}" * 17
    + "{% assign l = '1,2,3,4,5,6,7,8' | split: ',' %}" + "{% assign l = l | concat: l %}" * 9 + "{{ l | join: s }}",
    "joining_a_range": "{{ (1..10000000000) | join: 'x' }}",
    "sorting_a_range": "{{ (1..10000000000) | sort | reverse | size }}",
    "squaring": "{% assign n = 9999999999 %}" + "{% assign n = n | times: n %}" * 60 + "{{ n }}",
    "capturing": "{% capture a %}aaaaaaaaaaaaaaaa{% endcapture %}"
    + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 30,
    "output": "{% for a in (1..9999) %}{{ 'x' | url_encode }}" + "y" * 100 + "{% endfor %}",
    "recursive_render": "{% render 'self' %}",
    "recursive_include": "{% include 'again' %}",
    "recursive_twice": "{% render 'twice' %}",
    "recursive_translation": "{{ 'loop' | t }}",
    "unique": "{% assign l = payload.many | uniq %}{{ l | size }}",
    "stripping": "{{ payload.angles | strip_html | size }}" * 200,
}  # fmt: skip
PARTIALS = {
    "self": "{% render 'self' %}",
    "again": "{% include 'again' %}",
    "twice": "{% render 'twice' %}{% render 'twice' %}",
    "loop": "{% for a in (1..9999) %}{% render 'inner' %}{% endfor %}",
    "inner": "{% for b in (1..9999) %}{{ b }}{% endfor %}",
}
ENDED = {ProblemCode.LIMIT, ProblemCode.TIMEOUT, ProblemCode.MEMORY, ProblemCode.SYNTAX}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("field", ["body", "html"])
async def test_ends_with_a_problem_when_a_template_grows_without_end(
    templates: Templates, name: str, field: str
) -> None:
    data = {"payload": {"many": [{"n": n} for n in range(9_000)], "angles": "<" * 200_000}}
    translations = {"en": {"loop": "{{ 'loop' | t }}{{ 'loop' | t }}"}}

    outcome = await rendered(templates, {field: BOMBS[name]}, partials=PARTIALS, translations=translations, data=data)

    if isinstance(outcome, Rendered):
        assert name == "stripping"
    else:
        assert outcome.code in ENDED


DOCUMENTS = {
    "deep_html": ("html", "<div>" * 50_000),
    "deep_html_in_attributes": ("html", '<a b="<">' * 28_000),
    "deep_mjml": ("mjml", "<mjml><mj-body>" + "<mj-wrapper>" * 20_000),
    "deep_text": ("mjml", BODY.format("<mj-text>" + "<i>" * 80_000 + "</mj-text>")),
    "deep_closed_mjml": ("mjml", BODY.format("<mj-wrapper>" * 8_000 + "</mj-wrapper>" * 8_000)),
    "many_styles": ("html", "<style>" + "*{a:b}" * 15_000 + "</style>" + "<p>x</p>" * 15_000),
    "inside_mjml": ("mjml", BODY.format("<mj-include path='/etc/passwd' />")),
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_ends_with_a_problem_when_a_document_is_made_to_break_its_reader(templates: Templates, name: str) -> None:
    field, text = DOCUMENTS[name]

    outcome = await rendered(templates, {field: text})

    assert isinstance(outcome, RenderProblem)


@pytest.mark.parametrize(
    "text", ["\n{% raw %}" * 9, "\n{% doc %}{% raw %}{% endraw %}", "\n{{ a }}{{ b", "\n{% a %}{% b"]
)
async def test_is_told_before_the_end_is_looked_for_again_and_again(templates: Templates, text: str) -> None:
    outcome = await rendered(templates, {"body": text})

    assert isinstance(outcome, RenderProblem)
    assert (outcome.code, outcome.line) == (ProblemCode.SYNTAX, 2)
    assert "never closed" in outcome.message


async def test_braces_may_stand_alone_where_they_are_not_read(templates: Templates) -> None:
    outcome = await rendered(templates, {"body": "{% raw %}{{ {% {% endraw %}{{ payload.text }}"})

    assert outcome == Rendered(fields={"body": "{{ {% x"})


@pytest.mark.parametrize("name", ["one_long_loop", "loops_through_partials", "joining_a_range"])
async def test_is_over_the_limit_before_it_has_begun(templates: Templates, name: str) -> None:
    outcome = await rendered(templates, {"body": BOMBS[name]}, partials=PARTIALS)

    assert isinstance(outcome, RenderProblem)
    assert outcome.code is ProblemCode.LIMIT


async def test_survives_when_the_depth_of_a_document_is_hidden(templates: Templates) -> None:
    outcome = await rendered(templates, {"html": "<div><!--</div>-->" * 14_000})

    assert isinstance(outcome, Rendered) or outcome.code in ENDED


async def test_reads_no_file_and_asks_no_server_when_a_document_names_one(templates: Templates, tmp_path: Any) -> None:
    sheet = tmp_path / "x.css"
    sheet.write_text("p { color: lime }", encoding="utf-8")
    links = "".join(
        f'<link rel="stylesheet" href="{address}" /><style>@import url("{address}");</style>'
        for address in (sheet.as_uri(), str(sheet), "http://127.0.0.1:9/x.css")
    )
    inline = '<mjml><mj-head><mj-raw>{}</mj-raw><mj-style inline="inline">b{{c:d}}</mj-style></mj-head><mj-body>'

    html = await rendered(templates, {"html": f"{links}<p>x</p>"})
    mjml = await rendered(templates, {"mjml": inline.format(links) + "<mj-raw><p>x</p></mj-raw></mj-body></mjml>"})

    for outcome in (html, mjml):
        assert isinstance(outcome, Rendered)
        assert "lime" not in outcome.fields["html"]


async def test_output_has_an_end_when_a_source_is_as_large_as_it_may_be(templates: Templates) -> None:
    most = "x" * MAX_TEMPLATE_BYTES

    fits = await rendered(templates, {"body": most})
    over = await rendered(templates, {"body": "{{ 'é' }}" + most[10:]})

    assert isinstance(fits, Rendered)
    assert isinstance(over, Rendered)
    for text in ("{{ x }}" + most, most + "xx", "{{ payload.text }}{{ payload.text }}"):
        outcome = await rendered(templates, {"body": text}, data={"payload": {"text": most[1:]}})
        assert isinstance(outcome, RenderProblem)
        assert outcome.code is ProblemCode.LIMIT
    many = await rendered(templates, {"data": ["{{ payload.text }}"] * 6}, data={"payload": {"text": most[1:]}})
    assert isinstance(many, RenderProblem)
    assert many.code is ProblemCode.LIMIT
