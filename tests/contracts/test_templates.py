"""What everyone promises who renders what tenants write."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from application.ports.templates import ProblemCode, Rendered, RenderJob, RenderProblem, Templates, TemplateSource
from domain.notifications.channel import Channel
from infrastructure.templates.in_process import InProcessTemplates
from infrastructure.templates.pooled import PooledTemplates
from infrastructure.templates.process_pool import RenderPool

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MJML = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


@asynccontextmanager
async def pooled() -> AsyncIterator[Templates]:
    pool = RenderPool(processes=1, waiting=8)
    yield PooledTemplates(pool, batch=4)
    await pool.stop()


@asynccontextmanager
async def in_process() -> AsyncIterator[Templates]:
    templates = InProcessTemplates()
    yield templates
    await templates.stop()


ADAPTERS = {"pooled": pooled, "in_process": in_process}


@dataclass(slots=True)
class Desk:
    """Templates, asked in short."""

    templates: Templates
    data: dict[str, Any] = field(default_factory=dict)

    async def fields(self, fields: Mapping[str, Any], channel: Channel | None = None, **more: Any) -> Any:
        """What became of the fields, or the problem."""
        job = self.job(fields, channel, **more)
        outcome = await self.templates.render(job)
        return outcome.fields if isinstance(outcome, Rendered) else outcome

    async def body(self, text: str, **more: Any) -> Any:
        """What became of one text, or the problem."""
        found = await self.fields({"body": text}, **more)
        return found if isinstance(found, RenderProblem) else found["body"]

    def job(self, fields: Mapping[str, Any], channel: Channel | None = None, **more: Any) -> RenderJob:
        of_job = {name: more.pop(name) for name in ("locale", "timezone", "data") if name in more}
        source = TemplateSource(channel=channel, fields=fields, **more)
        return RenderJob(source=source, now=NOW, **{"data": self.data, **of_job})


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=ADAPTERS)
async def templates(request: pytest.FixtureRequest) -> AsyncIterator[Templates]:
    opened: AbstractAsyncContextManager[Templates] = ADAPTERS[request.param]()
    async with opened as made:
        yield made


@pytest.fixture
def desk(templates: Templates) -> Desk:
    return Desk(templates)


async def test_fills_in_every_text_when_fields_are_nested(desk: Desk) -> None:
    desk.data = {"payload": {"id": 7}, "subscriber": {"firstName": "Ann"}}
    fields = {
        "title": "Order {{ payload.id }}",
        "data": {"{{ key }}": "{{ payload.id }}", "count": 3, "flag": None},
        "actions": [{"id": "open", "label": "Open, {{ subscriber.firstName }}"}],
    }

    assert await desk.fields(fields, Channel.IN_APP) == {
        "title": "Order 7",
        "data": {"{{ key }}": "7", "count": 3, "flag": None},
        "actions": [{"id": "open", "label": "Open, Ann"}],
    }


async def test_answers_in_order_when_jobs_are_many_and_some_are_bad(desk: Desk) -> None:
    texts = ["{{ n }}", "{% nope %}", "{{ n }}!", "{{ n | nope }}"] * 5
    jobs = [desk.job({"body": text}, data={"n": place}) for place, text in enumerate(texts)]

    outcomes = await desk.templates.render_many(jobs)

    shown = [each.fields["body"] if isinstance(each, Rendered) else each.code for each in outcomes]
    expected = ["{}", ProblemCode.SYNTAX, "{}!", ProblemCode.SYNTAX] * 5
    assert shown == [each.format(place) for place, each in enumerate(expected)]
    assert await desk.templates.render_many([]) == []


async def test_escapes_values_in_markup_alone(desk: Desk) -> None:
    desk.data = {"name": "<b>&\"'"}
    mail = await desk.fields({"subject": "{{ name }}", "html": "<p>{{ name }}</p>"}, Channel.EMAIL)

    assert mail["subject"] == "<b>&\"'"
    assert "<p>&lt;b&gt;&amp;\"'</p>" in mail["html"]
    assert mail["text"] == "<b>&\"'\n"


async def test_injects_nothing_when_a_value_is_markup_of_mjml(desk: Desk) -> None:
    evil = '"></mj-text><mj-raw><script>x</script></mj-raw>'
    source = MJML.format('<mj-text>{{ p }}</mj-text><mj-image src="{{ p }}" alt="{{ p }}" />')

    mail = await desk.fields({"mjml": source}, Channel.EMAIL, data={"p": evil})

    assert "<script" not in mail["html"]
    assert '"></mj-text>' not in mail["html"]


async def test_an_email_gets_html_text_and_one_line_of_subject_when_written_in_mjml(desk: Desk) -> None:
    desk.data = {"subscriber": {"firstName": "Ann"}, "payload": {"url": "https://x.test/?a=1&b=2"}}
    body = '<mj-text>Hello {{ subscriber.firstName }}</mj-text><mj-button href="{{ payload.url }}">Track</mj-button>'
    fields = {"subject": "Your\r\nBcc: order\x00 {{ x }}", "mjml": MJML.format(body), "preheader": "Soon <there>"}

    mail = await desk.fields(fields, Channel.EMAIL)

    assert mail["subject"] == "Your Bcc: order"
    assert "mjml" not in mail
    assert 'href="https://x.test/?a=1&amp;b=2"' in mail["html"]
    assert "Soon &lt;there&gt;" in mail["html"]
    assert mail["text"] == "Hello Ann\n\nTrack (https://x.test/?a=1&b=2)\n"


async def test_styles_move_to_their_elements_when_an_email_is_html(desk: Desk) -> None:
    html = "<style>p { color: red } @media (width < 9px) { p { color: blue } }</style><p>{{ x }}</p>"

    mail = await desk.fields({"html": html, "text": "Own"}, Channel.EMAIL, data={"x": "y"})

    assert '<p style="color: red;">y</p>' in mail["html"]
    assert "@media" in mail["html"]
    assert mail["text"] == "Own"


async def test_a_layout_goes_around_what_is_of_its_kind(desk: Desk) -> None:
    layout = "<div>{{ content }}<i>{{ brand.name }}</i></div>"
    more: dict[str, Any] = {"layout": layout, "data": {"brand": {"name": "A&B"}, "x": "<"}}

    mail = await desk.fields({"html": "<p>{{ x }}</p>", "text": "t {{ x }}"}, Channel.EMAIL, **more)
    mjml = await desk.fields(
        {"mjml": "<mj-text>Hi {{ x }}</mj-text>"}, Channel.EMAIL, layout=MJML.format("{{ content }}"), data={"x": "<"}
    )

    assert "<div><p>&lt;</p><i>A&amp;B</i></div>" in mail["html"]
    assert mail["text"] == "t <"
    assert mjml["text"] == "Hi <\n"


async def test_partials_are_those_of_the_job_alone(desk: Desk) -> None:
    assert await desk.body("{% render 'foot', by: 'us' %}", partials={"foot": "– {{ by }}"}) == "– us"
    assert await desk.body("{% include name %}", partials={"foot": "x"}, data={"name": "foot"}) == "x"
    for name in ("foot", "/etc/passwd", "../foot"):
        problem = await desk.body(f"\n{{% render '{name}' %}}")
        assert (problem.code, problem.path, problem.line) == (ProblemCode.UNDEFINED, "body", 2)


TRANSLATIONS: dict[str, dict[str, Any]] = {
    "de": {"hello": "Hallo {{ name }}", "cart": {"items": {"one": "ein Ding", "other": "{{ count }} Dinge"}}},
    "pl": {"cart": {"items": {"one": "{{ count }} rzecz", "few": "{{ count }} rzeczy", "many": "{{ count }} sztuk"}}},
    "en": {
        "hello": "Hello {{ name }}",
        "bye": "Bye",
        "one": {"one": "a file", "other": "{{ count }} files"},
        "cart": {"items": {"other": "{{ count | number }} things"}},
    },
}


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de-AT", "{{ 'hello' | t: name: 'Ann' }}", "Hallo Ann"),
        ("de_CH", "{{ 'bye' | t }}", "Bye"),
        ("fr", "{{ 'hello' | t: name: 'Ann' }}", "Hello Ann"),
        (None, "{{ 'hello' | t: name: 'Ann' }}", "Hello Ann"),
        ("de", "{{ 'cart.items' | t: count: 1 }}", "ein Ding"),
        ("de", "{{ 'cart.items' | t: count: n }}", "5 Dinge"),
        ("fr", "{{ 'one' | t: count: 0 }}", "0 files"),
        ("pl", "{{ 'cart.items' | t: count: 3 }}", "3 rzeczy"),
        ("pl", "{{ 'cart.items' | t: count: n }}", "5 sztuk"),
        ("zz-none", "{{ 'cart.items' | t: count: 1234 }}", "1,234 things"),
        ("de", "{{ 'nothing.here' | t }}", "nothing.here"),
    ],
)
async def test_texts_come_in_the_nearest_language(desk: Desk, locale: str | None, text: str, expected: str) -> None:
    assert await desk.body(text, locale=locale, translations=TRANSLATIONS, data={"n": 5}) == expected


async def test_arguments_of_a_translation_are_escaped_when_it_stands_in_html(desk: Desk) -> None:
    html = "<p>{{ 'hello' | t: name: n }}</p>"
    translations = {"en": {"hello": "Hi <b>{{ name }}</b>"}}

    mail = await desk.fields({"html": html}, Channel.EMAIL, translations=translations, data={"n": "<i>"})

    assert "<p>Hi <b>&lt;i&gt;</b></p>" in mail["html"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ at | date }}", "20.11.2026"),
        ("{{ at | date: 'long' }}", "20. November 2026"),
        ("{{ at | date: '%A, %-d. %B %Y, %H:%M' }}", "Freitag, 20. November 2026, 23:30"),
        ("{{ at | time }}", "23:30"),
        ("{{ at | datetime: 'yyyy-MM-dd HH:mm' }}", "2026-11-20 23:30"),
        ("{{ at | relative }}", "in 10 Stunden"),
        ("{{ 'now' | date: '%H:%M' }} {{ now | time }}", "13:00 13:00"),
        ("{{ 'no date' | date }}", "no date"),
        ("{{ 1234.5 | number }} {{ 1234.5 | number: 2 }}", "1.234,5 1.234,50"),
        ("{{ 0.256 | percent }} {{ '0.256' | percent: 1 }}", "26\u00a0% 25,6\u00a0%"),
        ("{{ 1234.5 | currency: 'EUR' }}", "1.234,50\u00a0€"),
        ("{{ 'x' | number }}{{ nil | currency: 'EUR' }}", "x"),
    ],
)
async def test_dates_and_numbers_are_the_recipients_own(desk: Desk, text: str, expected: str) -> None:
    data = {"at": "2026-11-20T22:30:00Z"}

    assert await desk.body(text, locale="de-DE", timezone="Europe/Berlin", data=data) == expected


async def test_a_zone_or_locale_that_does_not_exist_is_replaced(desk: Desk) -> None:
    assert await desk.body("{{ 'now' | time }}", locale="xx-klingon", timezone="../../etc/passwd") == "12:00\u202fPM"


async def test_what_does_not_exist_is_empty_unless_strict(desk: Desk) -> None:
    assert await desk.body("a{{ payload.x.y }}b{% if payload.z %}c{% endif %}") == "ab"
    assert await desk.body("{{ x | default: 'd' }}{% if x %}c{% endif %}", strict=True) == "d"

    problem = await desk.body("\n{{ payload.x }}", strict=True)

    assert (problem.code, problem.path, problem.line) == (ProblemCode.UNDEFINED, "body", 2)
    assert (await desk.body("{{ 'k' | t }}", strict=True)).code is ProblemCode.UNDEFINED


async def test_integers_of_any_size_and_times_survive_the_way(desk: Desk) -> None:
    assert await desk.body("{{ n }} {{ s }}", data={"n": 10**25, "s": -(2**70)}) == f"{10**25} {-(2**70)}"


async def test_a_check_finds_everything_at_once_and_where(desk: Desk) -> None:
    source = TemplateSource(
        channel=Channel.EMAIL,
        fields={"subject": "ok\n{{ x | nope }}", "mjml": "{% bogus %}", "data": {"a": ["{{ x"]}},
        layout="{% render 'gone' %}",
        partials={"foot": "{% if %}"},
        translations={"de": {"a": {"b": "{{ | }}"}}},
    )

    found = {(each.path, each.code, each.line) for each in await desk.templates.check(source)}

    assert found == {
        ("subject", ProblemCode.SYNTAX, 2),
        ("mjml", ProblemCode.SYNTAX, 1),
        ("data.a[0]", ProblemCode.SYNTAX, 1),
        ("layout", ProblemCode.UNDEFINED, 1),
        ("partials.foot", ProblemCode.SYNTAX, 1),
        ("translations.de.a.b", ProblemCode.SYNTAX, 1),
    }


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (TemplateSource(channel=Channel.EMAIL, fields={"mjml": "<mjml><mj-body>"}), ProblemCode.MJML),
        (TemplateSource(channel=Channel.EMAIL, fields={"mjml": "<p>{{ x }}</p>"}), ProblemCode.MJML),
        (TemplateSource(channel=Channel.SMS, fields={"body": "x" * (256 * 1024 + 1)}), ProblemCode.LIMIT),
        (TemplateSource(channel=Channel.EMAIL, fields={"html": "x"}, layout="<p></p>"), ProblemCode.SYNTAX),
    ],
)
async def test_a_check_refuses_what_cannot_become_a_document(
    desk: Desk, source: TemplateSource, code: ProblemCode
) -> None:
    assert [each.code for each in await desk.templates.check(source)] == [code]


async def test_a_check_finds_nothing_when_all_is_well(desk: Desk) -> None:
    source = TemplateSource(
        channel=Channel.EMAIL,
        fields={
            "subject": "{{ 'a' | t }}",
            "mjml": MJML.format("{% render 'foot' %}<mj-text>{{ x | date }}</mj-text>"),
        },
        layout="<p>{{ content }}</p>",
        partials={"foot": "<mj-text>{{ brand.name | escape }}</mj-text>"},
        translations=TRANSLATIONS,
    )

    assert await desk.templates.check(source) == []


async def test_mjml_that_data_breaks_is_told_when_rendered(desk: Desk) -> None:
    source = MJML.format("{% if broken %}<mj-text>{% endif %}")

    problem = await desk.fields({"mjml": source}, Channel.EMAIL, data={"broken": True})

    assert (problem.code, problem.path) == (ProblemCode.MJML, "mjml")
