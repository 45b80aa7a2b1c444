"""The deliveries that steps become."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from application.notifications.channel_policy import ChannelPolicies
from application.notifications.recipients import obstacle
from application.ports.ids import Ids
from application.workflows.scene import Handover, Stage
from application.workflows.step_sources import channel_of
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.preferences.preference import PreferenceSet
from domain.preferences.resolution import Decision, Proposal
from domain.workflows.progress import Hold
from domain.workflows.run import Run, Wait
from domain.workflows.steps import Step

# How the reasons begin for which somebody's wishes let a step wait.
_WISH: Final = "preference."


@dataclass(frozen=True, slots=True, kw_only=True)
class Handovers:
    """Makes deliveries of steps, suppressed ones where something stands in their way."""

    policies: ChannelPolicies
    ids: Ids

    def held(self, stage: Stage, step: Step, run: Run) -> Hold | None:
        """Until when the recipient wants to be left alone; None when the step may be run now, or never will."""
        decision = self._decision(stage, step, run)
        if not decision.allowed or decision.held_until is None:
            return None
        reason = decision.reason or _WISH
        return Hold(wait=Wait(since=_held_since(run) or stage.now, until=decision.held_until, reason=reason))

    def of(self, stage: Stage, step: Step, run: Run) -> tuple[Handover, str | None]:
        """The delivery of one step, and in words why it is suppressed."""
        channel, now = channel_of(step), stage.now
        decision = self._decision(stage, step, run)
        reason = obstacle(self.policies, stage.notification, stage.subscriber, channel)
        because = reason
        if reason is None and not decision.allowed:
            reason, because = decision.reason, decision.because
        status = DeliveryStatus.SUPPRESSED if reason else DeliveryStatus.PENDING
        if channel is Channel.IN_APP and not reason:
            status = DeliveryStatus.SENT
        timeout = step.message.timeout if step.message else None
        expiries = [when for when in (run.expires_at, now + timeout if timeout else None) if when is not None]
        delivery = Delivery(
            id=self.ids.new(),
            tenant_id=run.tenant_id,
            notification_id=run.notification_id,
            target=run.target,
            step=step.key,
            channel=channel,
            queue=self.policies[channel].queue,
            priority=Priority(run.priority),
            status=status,
            reason=reason,
            expires_at=min(expiries, default=None),
            created_at=now,
            finished_at=None if status is DeliveryStatus.PENDING else now,
        )
        return Handover(step=step, delivery=delivery), because

    def _decision(self, stage: Stage, step: Step, run: Run) -> Decision:
        defaults = stage.definition.preferences
        proposal = Proposal(
            channel=step.type.value,
            workflow=run.workflow,
            tags=stage.notification.tags,
            critical=stage.definition.critical,
            severity=stage.notification.severity.value,
            defaults=PreferenceSet(enabled=defaults.enabled, channels=defaults.channels),
        )
        return stage.wishes.decision(proposal, stage.subscriber, stage.now, waiting_since=_held_since(run))


def _held_since(run: Run) -> datetime | None:
    return run.wait.since if run.wait is not None and run.wait.reason.startswith(_WISH) else None
