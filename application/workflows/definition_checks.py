"""Everything that must hold of a definition before it is stored or published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from application.ports.contact_points import ContactPoints
from application.ports.json_schemas import JsonSchemas
from application.ports.recurrences import Recurrences
from application.ports.templates import RenderProblem, Templates, TemplateSource
from domain.notifications.channel import Channel
from domain.schedules.recurrence import Cron, Recurrence
from domain.shared.json import JsonObject, JsonValue
from domain.shared.problems import Problems
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.errors import refuse_workflow
from domain.workflows.reading import read_definition
from domain.workflows.steps import SUBSCRIBERS_ZONE, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChecks:
    """Reads a definition and asks the parts that know schemas, templates, cron and time zones.

    Templates are rendered elsewhere: call it with no unit of work open.
    """

    schemas: JsonSchemas
    templates: Templates
    recurrences: Recurrences
    contacts: ContactPoints

    async def __call__(self, document: JsonValue, problems: Problems | None = None) -> WorkflowDefinition:
        """The definition. Raises `WorkflowInvalid` with everything that is wrong, and with what was wrong before."""
        problems = problems or Problems()
        definition = read_definition(document, problems)
        self._check_schema(definition, problems)
        self._check_times(definition, problems)
        await self._check_templates(definition, problems)
        refuse_workflow(problems)
        return definition

    def _check_schema(self, definition: WorkflowDefinition, problems: Problems) -> None:
        if definition.payload_schema is not None:
            for found in self.schemas.problems_of(definition.payload_schema, "payloadSchema"):
                problems.add(found.path, found.message)

    def _check_times(self, definition: WorkflowDefinition, problems: Problems) -> None:
        for step in definition.steps:
            place, digest = f"steps[{step.index}].digest", step.digest
            if digest and digest.timezone and digest.timezone != SUBSCRIBERS_ZONE:
                known = self.contacts.timezone(digest.timezone) is not None
                problems.check(known, f"{place}.timezone", "is not a time zone such as Europe/Berlin")
            if digest and digest.cron:
                cron = Recurrence(rule=Cron(expression=digest.cron))
                for found in self.recurrences.problems_of(cron, f"{place}.cron"):
                    # Its path goes on to the name that a schedule gives the expression.
                    problems.add(f"{place}.cron", found.message)

    async def _check_templates(self, definition: WorkflowDefinition, problems: Problems) -> None:
        if definition.translations:
            source = TemplateSource(channel=None, fields={}, translations=definition.translations)
            self._note("", await self.templates.check(source), problems)
        for step in definition.steps:
            for path, source in sources_of(step):
                self._note(f"steps[{step.index}].{path}", await self.templates.check(source), problems)

    def _note(self, place: str, found: Sequence[RenderProblem], problems: Problems) -> None:
        for problem in found:
            path = f"{place}.{problem.path}" if place and problem.path else place or problem.path
            where = f" (line {problem.line})" if problem.line else ""
            problems.add(path, f"{problem.message}{where}")


def sources_of(step: Step) -> Iterator[tuple[str, TemplateSource]]:
    """Every template in a step, with its path below the step."""
    if step.message is not None:
        channel = Channel(step.type.value)
        yield "template", TemplateSource(channel=channel, fields=step.message.template)
        for locale, fields in step.message.locales.items():
            yield f"locales.{locale}", TemplateSource(channel=channel, fields=fields)
    for name, texts in _settings(step):
        said = {field: text for field, text in texts.items() if text}
        if said:
            yield name, TemplateSource(channel=None, fields=said)


def _settings(step: Step) -> Iterator[tuple[str, JsonObject]]:
    if step.delay:
        yield "delay", {"until": step.delay.until}
    if step.digest:
        yield "digest", {"key": step.digest.key}
    if step.throttle:
        yield "throttle", {"key": step.throttle.key}
    if step.http:
        yield "http", {"url": step.http.url, "headers": step.http.headers, "body": step.http.body}
