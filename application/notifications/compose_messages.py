"""Filling in what the steps of workflows say, for the moment of sending."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.notifications.parcel import Parcel, StepDraft
from application.ports.clock import Clock
from application.ports.log import Log
from application.ports.templates import RenderJob, RenderProblem, Templates
from application.workflows.definitions import Definitions
from application.workflows.run_data import recorded_standings, run_data
from application.workflows.step_content import with_content
from application.workflows.step_sources import StepSources
from domain.notifications.delivery_status import DeliveryTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeMessages:
    """Render the messages of leased deliveries that belong to a step; the others stay as they are.

    Call it with no unit of work open. A template that cannot be rendered ends its delivery: another try would find
    the same. Raises `Unavailable` when nothing can be rendered now.
    """

    definitions: Definitions
    sources: StepSources
    templates: Templates
    clock: Clock
    log: Log

    async def __call__(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        drafts = [(place, each.step) for place, each in enumerate(parcels) if each.step is not None and each.message]
        if not drafts:
            return list(parcels)
        composed = list(parcels)
        jobs: list[tuple[int, RenderJob]] = []
        for place, draft in drafts:
            job = await self._job(composed[place], draft)
            if job is None:
                composed[place] = _unsendable(composed[place], "workflow_missing")
            else:
                jobs.append((place, job))
        for (place, _), rendered in zip(jobs, await self.templates.render_many([job for _, job in jobs]), strict=True):
            if isinstance(rendered, RenderProblem):
                self._tell(composed[place], rendered)
                composed[place] = _unsendable(composed[place], rendered.code.value)
            else:
                message = composed[place].message
                assert message is not None, "drafts have a message"
                composed[place] = replace(composed[place], message=with_content(message, rendered.fields))
        return composed

    async def _job(self, parcel: Parcel, draft: StepDraft) -> RenderJob | None:
        run, subscriber = draft.run, draft.subscriber
        definition = await self.definitions.of(run.tenant_id, run.workflow, run.version)
        step = definition.step(parcel.delivery.step) if definition else None
        if definition is None or step is None:
            return None
        return RenderJob(
            source=self.sources.of(definition, step, subscriber.locale),
            data=run_data(draft.notification, subscriber, recorded_standings(run)),
            now=self.clock.now(),
            locale=subscriber.locale,
            timezone=subscriber.timezone,
        )

    def _tell(self, parcel: Parcel, problem: RenderProblem) -> None:
        self.log.warning(
            "delivery.not_rendered",
            **parcel.log_fields,
            error_code=problem.code.value,
            path=problem.path,
            line=problem.line,
        )


def _unsendable(parcel: Parcel, reason: str) -> Parcel:
    return replace(parcel, message=None, ending=DeliveryTrigger.GIVE_UP, reason=reason)
