"""E-mails per minute and core, filled in for one recipient after the other: MJML, a table, a button, dates and prices.

Beside the same document compiled beforehand, so that only Liquid is left, and beside Jinja2 on that, which tenants may
not have. With processes, as in production, and without.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

import jinja2

from application.ports.templates import Rendered, RenderJob, Templates, TemplateSource
from domain.notifications.channel import Channel
from infrastructure.templates.documents import Documents
from infrastructure.templates.engine import Engine
from infrastructure.templates.pooled import PooledTemplates
from infrastructure.templates.process_pool import RenderPool
from tests.bench.http_connection import LoadFailed
from tests.bench.rounds import Figures, take_turns, verdict
from tests.bench.running import arguments, run

JINJA = "Jinja2 on the compiled document, HTML alone"
COMPILED = "Liquid on the compiled document"
EACH = "MJML, compiled for each e-mail"
PROCESS = "the same, in one process of the pool"
COLUMNS = {"per minute and core": "{:,.0f}", "CPU ms each": "{:.3f}", "core busy %": "{:.0f}"}
AIM = 10_000
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = "{% for item in payload.lines %}<tr><td>{{ item.name }}</td><td>{{ item.price }}</td></tr>{% endfor %}"
MJML = f"""<mjml>
<mj-head>
  <mj-title>Order {{{{ payload.id }}}}</mj-title>
  <mj-preview>On its way to {{{{ subscriber.firstName }}}}</mj-preview>
  <mj-attributes><mj-all font-family="Arial, sans-serif" /></mj-attributes>
</mj-head>
<mj-body background-color="#f4f4f4">
  <mj-section><mj-column><mj-image src="https://cdn.example/logo.png" width="120px" /></mj-column></mj-section>
  <mj-section background-color="#ffffff">
    <mj-column>
      <mj-text font-size="20px">Hello {{{{ subscriber.firstName }}}}</mj-text>
      <mj-text>Your order of {{{{ payload.orderedAt }}}} for <b style="color: #0a7d32">{{{{ payload.total }}}}</b> is
        on its way.
        {{% if payload.express %}}It will be there tomorrow.{{% endif %}}</mj-text>
      <mj-table><tr><th>Item</th><th>Price</th></tr>{ROWS}</mj-table>
      <mj-button href="https://shop.example/orders/{{{{ payload.id }}}}?a=1&amp;b=2">Track it</mj-button>
    </mj-column>
  </mj-section>
  <mj-section><mj-column><mj-text>Bye, {{{{ subscriber.firstName }}}}.</mj-text></mj-column></mj-section>
</mj-body>
</mjml>"""
FILTERED = MJML.replace("{{ item.price }}", "{{ item.price | currency: 'EUR' }}").replace(
    "{{ payload.orderedAt }}", "{{ payload.orderedAt | date: 'long' }}"
)


def data_of(number: int) -> dict[str, object]:
    """What one recipient ordered."""
    lines = [{"name": f"Article {each} & Co", "price": 3.5 * each} for each in range(1, 6)]
    payload = {"id": number, "orderedAt": "2026-11-19T08:30:00Z", "total": 52.5, "express": number % 2, "lines": lines}
    return {"payload": payload, "subscriber": {"firstName": f"Ann {number}"}}


def jobs(fields: dict[str, str], channel: Channel | None, count: int) -> list[RenderJob]:
    """The same source for so many recipients."""
    source = TemplateSource(channel=channel, fields=fields)
    return [RenderJob(source=source, data=data_of(n), now=NOW, locale="de") for n in range(count)]


def in_this_process(work: Callable[[], None], count: int) -> Figures:
    """Of this process alone."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return figures(time.process_time() - cpu, time.perf_counter() - wall, count)


def figures(cpu: float, wall: float, count: int) -> Figures:
    """A core is its CPU time: what others did to it meanwhile is not counted."""
    return {
        "per minute and core": 60 * count / cpu,
        "CPU ms each": 1_000 * cpu / count,
        "core busy %": 100 * cpu / wall,
    }


class Turns:
    """Everyone who renders `count` e-mails."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._engine = Engine()
        self._html = Documents().html_of_mjml(FILTERED)
        self._jinja = jinja2.Environment(autoescape=True).from_string(Documents().html_of_mjml(MJML))

    async def jinja(self) -> Figures:
        def work() -> None:
            for number in range(self._count):
                self._jinja.render(data_of(number))

        return in_this_process(work, self._count)

    async def compiled(self) -> Figures:
        return self._engine_on(jobs({"subject": "Order {{ payload.id }}", "html": self._html}, None, self._count))

    async def each(self) -> Figures:
        return self._engine_on(jobs(self._mail(), Channel.EMAIL, self._count))

    async def process(self, templates: Templates, pool: RenderPool) -> Figures:
        """Both sides: what is packed and unpacked here is counted, too."""
        mails = jobs(self._mail(), Channel.EMAIL, self._count)
        await templates.render(mails[0])
        pid = pool.idle[0].process.pid
        cpu, wall = time.process_time() + cpu_of(pid), time.perf_counter()
        outcomes = await templates.render_many(mails)
        cpu, wall = time.process_time() + cpu_of(pid) - cpu, time.perf_counter() - wall
        refuse_problems(outcomes)
        return figures(cpu, wall, self._count)

    def _mail(self) -> dict[str, str]:
        return {"subject": "Order {{ payload.id }}", "mjml": FILTERED}

    def _engine_on(self, mails: list[RenderJob]) -> Figures:
        def work() -> None:
            refuse_problems([self._engine.render(job) for job in mails])

        return in_this_process(work, len(mails))


def refuse_problems(outcomes: object) -> None:
    """Figures would mean nothing."""
    assert isinstance(outcomes, list)
    for each in outcomes:
        if not isinstance(each, Rendered):
            raise LoadFailed(str(each))


def cpu_of(pid: int) -> float:
    """Seconds that another process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123  # Read in every turn.
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main(chosen: argparse.Namespace) -> None:
    """Everybody in turn, then the medians."""
    count = 20_000 if chosen.full else chosen.count
    turns = Turns(count)
    pool = RenderPool(processes=1, waiting=count)
    templates = PooledTemplates(pool)
    try:
        results = await take_turns(
            {
                JINJA: turns.jinja,
                COMPILED: turns.compiled,
                EACH: turns.each,
                PROCESS: lambda: turns.process(templates, pool),
            },
            chosen.rounds,
        )
    finally:
        await pool.stop()
    print(f"{count:,} e-mails, medians of {chosen.rounds} rounds")
    print(results.table(COLUMNS))
    per_minute = results.median(PROCESS, "per minute and core")
    print(verdict(f"{PROCESS} / {AIM:,}", per_minute / AIM, at_least=2))
    print(verdict(f"{COMPILED} / {EACH}", results.ratio(COMPILED, EACH, "per minute and core")))
    print(verdict(f"{COMPILED} / Jinja2", results.ratio(COMPILED, JINJA, "per minute and core")))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--count", type=int, default=2_000, help="how many each turn (2,000; with --full 20,000)")
    run(main, parser)
