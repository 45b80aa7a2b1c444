"""What a request that names a workflow asks for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from application.notifications.request_rules import SendNotificationCommand, Triggered
from application.ports.json_schemas import JsonSchemas
from application.ports.workflow_versions import WorkflowVersions
from application.workflows.definitions import Definitions
from application.workflows.step_sources import channel_of
from domain.notifications.channel import Channel
from domain.notifications.content import Severity
from domain.shared.errors import FieldProblem
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.steps import CHANNEL_STEPS

_UNKNOWN: Final = FieldProblem("workflow", "is not a workflow of this tenant that was published")
_SWITCHED_OFF: Final = FieldProblem("workflow", "is switched off")


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWorkflow:
    """Pin a request to the version that is published now, with what that says of its channels, severity and tags.

    What is wrong (no such workflow, switched off, a payload that its schema refuses) comes along and is told with all
    else that is: a repeat of an earlier request outlasts it. Call it with no unit of work open.
    """

    versions: Callable[[], WorkflowVersions]
    definitions: Definitions
    schemas: Callable[[], JsonSchemas]

    async def __call__(self, command: SendNotificationCommand) -> SendNotificationCommand:
        if command.workflow is None:
            return command
        found = await self.versions().published(command.principal.tenant_id, command.workflow)
        if found is None:
            return replace(command, triggered=Triggered(problems=(_UNKNOWN,)))
        if not found.active:
            return replace(command, triggered=Triggered(problems=(_SWITCHED_OFF,)))
        definition = self.definitions.read(found.version)
        return replace(
            command,
            triggered=Triggered(version=found.version.number, problems=await self._refused(definition, command)),
            channels=_channels(definition),
            severity=command.severity if command.severity is not Severity.NONE else Severity(definition.severity),
            tags=tuple(dict.fromkeys((*definition.tags, *command.tags))),
        )

    async def _refused(
        self, definition: WorkflowDefinition, command: SendNotificationCommand
    ) -> tuple[FieldProblem, ...]:
        if definition.payload_schema is None:
            return ()
        # A large payload may take its schema seconds.
        return tuple(await asyncio.to_thread(self.schemas().check, definition.payload_schema, command.payload))


def _channels(definition: WorkflowDefinition) -> tuple[Channel, ...]:
    """Of its steps, each once."""
    return tuple(dict.fromkeys(channel_of(step) for step in definition.steps if step.type in CHANNEL_STEPS))
