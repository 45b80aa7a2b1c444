"""Deciding what the steps of a run do."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from application.ports.templates import RenderProblem, Templates, TemplateSource
from application.workflows.definitions import Definitions
from application.workflows.handovers import Handovers
from application.workflows.run_data import run_data
from application.workflows.scene import Advanced, Scene, Stage
from application.workflows.step_asks import ASKING_STEPS, StepAsks
from application.workflows.step_content import inbox_content
from application.workflows.step_sources import StepSources, channel_of
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.workflows.progress import Go, Hold, Skip, Standing, Verdict, delay_of, verdict
from domain.workflows.run import Run, RunStatus, StepOutcome, StepRecord
from domain.workflows.steps import CHANNEL_STEPS, Step

_UNREADABLE: Final = "delay.unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRunner:
    """Runs steps until one waits, one asks for what the go cannot give, or none is left; writes nothing.

    Call it with no unit of work open.
    """

    definitions: Definitions
    sources: StepSources
    templates: Templates
    handovers: Handovers
    asks: StepAsks

    async def advance(self, scene: Scene, now: datetime) -> Advanced:
        """How far the run comes now."""
        run = scene.claimed.run
        ending = _ending(scene)
        if ending is not None:
            return Advanced(scene=scene, run=run.ended(ending[0], now, ending[1]))
        definition = await self.definitions.of(run.tenant_id, run.workflow, run.version)
        if definition is None:
            return Advanced(scene=scene, run=run.ended(RunStatus.FAILED, now, "workflow_missing"))
        assert scene.notification is not None, "a run without its notification is over"
        assert scene.subscriber is not None, "a run without its subscriber is over"
        stage = Stage(
            definition=definition,
            notification=scene.notification,
            subscriber=scene.subscriber,
            wishes=scene.wishes,
            now=now,
        )
        advanced, standings = Advanced(scene=scene, run=run), dict(scene.standings)
        while advanced.run.position < len(definition.steps):
            if not await self._step(stage, definition.steps[advanced.run.position], advanced, standings):
                return advanced
        advanced.run = advanced.run.ended(RunStatus.COMPLETED, now)
        return advanced

    async def _step(self, stage: Stage, step: Step, advanced: Advanced, standings: dict[str, Standing]) -> bool:
        """One step; whether it is over and the next one may follow."""
        found = await self._verdict(stage, step, advanced, standings)
        if found is None:
            return False
        if isinstance(found, Hold):
            advanced.run = advanced.run.waiting(found.wait)
            return False
        if isinstance(found, Skip):
            record = StepRecord(outcome=StepOutcome.SKIPPED, at=stage.now, reason=found.reason, because=found.because)
            standing = Standing(status=StepOutcome.SKIPPED.value, reason=found.reason)
        elif step.type in CHANNEL_STEPS:
            record, standing = await self._hand_over(stage, step, advanced, standings)
        else:
            record = StepRecord(outcome=StepOutcome.COMPLETED, at=stage.now)
            standing = Standing(status=StepOutcome.COMPLETED.value)
        advanced.run = advanced.run.passed(step.key, record)
        standings[step.key] = standing
        return True

    async def _verdict(
        self, stage: Stage, step: Step, advanced: Advanced, standings: dict[str, Standing]
    ) -> Verdict | None:
        """What becomes of the step in this go; None when it has asked for something."""
        run, data = advanced.run, run_data(stage.notification, stage.subscriber, standings)
        # What such a step has begun it ends, whatever its condition says by then.
        begun = step.type in ASKING_STEPS and run.wait is not None
        found = Go() if begun else verdict(stage.definition, step, run, standings, data, stage.now)
        if not isinstance(found, Go):
            return found
        if step.type in ASKING_STEPS:
            return await self.asks.of(stage, step, advanced, data)
        if step.type in CHANNEL_STEPS:
            return self.handovers.held(stage, step, run) or found
        until = await self._until(stage, step, run)
        if until is None:
            return Skip(reason=_UNREADABLE, because="its time cannot be read")
        return delay_of(run, until, stage.now)

    async def _hand_over(
        self, stage: Stage, step: Step, advanced: Advanced, standings: dict[str, Standing]
    ) -> tuple[StepRecord, Standing]:
        handover, because = self.handovers.of(stage, step, advanced.run)
        if channel_of(step) is Channel.IN_APP and handover.delivery.status is DeliveryStatus.SENT:
            data = run_data(stage.notification, stage.subscriber, standings)
            source = self.sources.of(stage.definition, step, stage.subscriber.locale)
            rendered = await self.templates.render(stage.job(source, data))
            if isinstance(rendered, RenderProblem):
                failed = replace(handover.delivery, status=DeliveryStatus.FAILED, reason=rendered.code.value)
                handover, because = replace(handover, delivery=failed), rendered.message
            else:
                handover = replace(handover, content=inbox_content(rendered.fields))
        advanced.handovers.append(handover)
        delivery = handover.delivery
        record = StepRecord(
            outcome=StepOutcome.HANDED_OVER,
            at=stage.now,
            reason=delivery.reason,
            because=because,
            delivery_id=delivery.id,
        )
        return record, Standing(status=delivery.status.value, reason=delivery.reason)

    async def _until(self, stage: Stage, step: Step, run: Run) -> datetime | None:
        """When a delay is over; None when its template comes to no time."""
        assert step.delay is not None, "a delay step has a delay"
        if run.wait is not None:
            return run.wait.until
        if step.delay.length is not None:
            return stage.now + step.delay.length
        source = TemplateSource(channel=None, fields={"until": step.delay.until or ""})
        data = run_data(stage.notification, stage.subscriber, {})
        rendered = await self.templates.render(stage.job(source, data))
        return None if isinstance(rendered, RenderProblem) else _moment(str(rendered.fields["until"]))


def _ending(scene: Scene) -> tuple[RunStatus, str] | None:
    """What ends a run before its steps do."""
    if scene.notification is None or scene.notification.cancel_requested_at is not None:
        return RunStatus.CANCELLED, "cancelled"
    if scene.claimed.expired:
        return RunStatus.EXPIRED, "expired"
    if scene.subscriber is None:
        return RunStatus.CANCELLED, "subscriber_deleted"
    return None


def _moment(text: str) -> datetime | None:
    """A time of ISO 8601 with its zone; without one it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
