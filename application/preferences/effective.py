"""What preferences come to, channel by channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from domain.notifications.channel import Channel
from domain.preferences.preference import PreferenceSet, SubscriberPreferences, Switches
from domain.preferences.resolution import Decision, Proposal, decide
from domain.shared.local_time import zone_named
from domain.subscribers.subscriber import Subscriber
from domain.workflows.definition import WorkflowDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedWorkflow:
    """A workflow that might be sent."""

    key: str
    definition: WorkflowDefinition


def decisions(
    workflow: ProposedWorkflow | None,
    tenant: Switches,
    subscriber: SubscriberPreferences,
    zone: tzinfo,
    now: datetime,
) -> Mapping[Channel, Decision]:
    """What would become now of a message over each channel: of the workflow, or of inline content when that is None."""
    return {
        channel: decide(_proposal(workflow, channel), tenant, subscriber, zone=zone, now=now) for channel in Channel
    }


def zone_of(subscriber: Subscriber) -> tzinfo:
    """Whose clocks a subscriber lives by; UTC where that is not known."""
    return (zone_named(subscriber.timezone) if subscriber.timezone else None) or UTC


def _proposal(workflow: ProposedWorkflow | None, channel: Channel) -> Proposal:
    if workflow is None:
        return Proposal(channel=channel)
    definition = workflow.definition
    return Proposal(
        channel=channel,
        workflow=workflow.key,
        tags=definition.tags,
        critical=definition.critical,
        severity=definition.severity,
        defaults=PreferenceSet(enabled=definition.preferences.enabled, channels=definition.preferences.channels),
    )
