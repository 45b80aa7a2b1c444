"""Seeing what a workflow would say."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from application.ports.clock import Clock
from application.ports.json_schemas import JsonSchemas
from application.ports.templates import RenderJob, RenderProblem, Templates
from application.subscribers.ports import SubscriberReader
from application.workflows.ports import WorkflowReader
from application.workflows.queries import Side, known_workflow
from application.workflows.run_data import subscriber_data
from application.workflows.step_sources import StepSources
from domain.identity.principal import Principal
from domain.shared.errors import FieldProblem
from domain.shared.json import JsonObject
from domain.subscribers.subscriber import Subscriber
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.errors import WorkflowVersionNotFound
from domain.workflows.json_logic import holds
from domain.workflows.json_logic_values import ConditionTooCostly
from domain.workflows.reading import stored_definition
from domain.workflows.steps import CHANNEL_STEPS, Step
from domain.workflows.workflow import Workflow

# Of somebody who is not stored: nothing is written with it.
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewCommand:
    """For whom: a stored subscriber, with other contact fields where some are given, or somebody made up."""

    key: str
    side: Side = "draft"
    payload: JsonObject = field(default_factory=dict)
    subscriber_id: str | None = None
    contact: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPreview:
    """One step: `fields` as they are rendered for its channel, or the `problem` of its template; `skipped` when its
    condition leaves it out, judged as if no step had done anything yet.
    """

    key: str
    type: str
    skipped: bool = False
    fields: JsonObject | None = None
    problem: RenderProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """`problems` are what the payload schema has against the payload: with it nothing would be sent."""

    problems: Sequence[FieldProblem]
    steps: Sequence[StepPreview]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewWorkflow:
    """Render every channel step for one recipient. Nothing is written and nothing sent."""

    workflows: WorkflowReader
    subscribers: SubscriberReader
    schemas: JsonSchemas
    templates: Templates
    sources: StepSources
    clock: Clock

    async def __call__(self, principal: Principal, command: PreviewCommand) -> PreviewView:
        """Raises `WorkflowNotFound`, `WorkflowNotPublished` and `WorkflowVersionNotFound`."""
        workflow = await known_workflow(self.workflows, principal, command.key)
        definition = await self._definition(workflow, command.side)
        now = self.clock.now()
        person = await self._person(principal, command, now)
        data = {"payload": command.payload, "subscriber": subscriber_data(person), "actor": None, "steps": {}}
        return PreviewView(
            problems=await self._problems(definition, command.payload),
            steps=await self._steps(definition, person, data, now),
        )

    async def _definition(self, workflow: Workflow, side: Side) -> WorkflowDefinition:
        if side == "draft":
            return stored_definition(workflow.draft)
        number = workflow.published_version().version if side == "published" else side
        version = await self.workflows.version(workflow.tenant_id, workflow.id, number)
        if version is None:
            raise WorkflowVersionNotFound
        return version.definition()

    async def _person(self, principal: Principal, command: PreviewCommand, now: datetime) -> Subscriber:
        stored = None
        if command.subscriber_id is not None:
            stored = await self.subscribers.get(principal.tenant_id, command.subscriber_id)
        bare = Subscriber(
            id=_NOBODY,
            tenant_id=principal.tenant_id,
            subscriber_id=command.subscriber_id or "preview",
            created_at=now,
            updated_at=now,
        )
        return (stored or bare).merged(command.contact, now)

    async def _problems(self, definition: WorkflowDefinition, payload: JsonObject) -> Sequence[FieldProblem]:
        if definition.payload_schema is None:
            return ()
        return await asyncio.to_thread(self.schemas.check, definition.payload_schema, payload)

    async def _steps(
        self, definition: WorkflowDefinition, person: Subscriber, data: JsonObject, now: datetime
    ) -> list[StepPreview]:
        shown = [_shown(step, data) for step in definition.steps]
        spoken = [place for place, step in enumerate(definition.steps) if step.type in CHANNEL_STEPS]
        jobs = [
            RenderJob(
                source=self.sources.of(definition, definition.steps[place], person.locale),
                data=data,
                now=now,
                locale=person.locale,
                timezone=person.timezone,
            )
            for place in spoken
        ]
        for place, found in zip(spoken, await self.templates.render_many(jobs), strict=True):
            if isinstance(found, RenderProblem):
                shown[place] = replace(shown[place], problem=found)
            else:
                shown[place] = replace(shown[place], fields=dict(found.fields))
        return shown


def _shown(step: Step, data: JsonObject) -> StepPreview:
    try:
        left_out = (step.run_if is not None and not holds(step.run_if, data)) or (
            step.skip_if is not None and holds(step.skip_if, data)
        )
    except ConditionTooCostly:
        left_out = True
    return StepPreview(key=step.key, type=step.type.value, skipped=left_out)
