"""What deliveries find out about the endpoints they go to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.unit_of_work import UnitOfWork
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.subscribers.endpoint_state import DISABLED_REASON, after_round, switched_off
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFinding:
    """One round to the webhook of a subscriber, whose URL then was `url`."""

    tenant_id: str
    subscriber_id: str
    url: str
    ok: bool
    gone: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisabledEndpoint:
    """A webhook that was switched off just now."""

    tenant_id: str
    subscriber_id: str
    reason: str


def finding_of(
    point: Mapping[str, str], *, outcome: AttemptOutcome, gone: bool, tenant_id: str, subscriber_id: str, at: datetime
) -> EndpointFinding | None:
    """What a round's last attempt says of the point it went to; None when that is nothing new.

    A mistake of ours, such as a missing secret, says nothing of the endpoint.
    """
    ok = outcome is AttemptOutcome.OK
    if outcome is AttemptOutcome.PROVIDER_PERMANENT or after_round(point, ok=ok, gone=gone, now=at) is point:
        return None
    return EndpointFinding(
        tenant_id=tenant_id, subscriber_id=subscriber_id, url=point.get("url", ""), ok=ok, gone=gone, at=at
    )


async def note_findings(uow: UnitOfWork, findings: Sequence[EndpointFinding]) -> list[DisabledEndpoint]:
    """Write them down, and tell which endpoints are switched off by that.

    An endpoint that was set to another URL since has nothing to do with what was found.
    """
    disabled: list[DisabledEndpoint] = []
    for tenant_id in sorted({finding.tenant_id for finding in findings}):
        ours = [finding for finding in findings if finding.tenant_id == tenant_id]
        subscribers = await uow.subscribers.get_many(tenant_id, {finding.subscriber_id for finding in ours})
        for subscriber_id, before in sorted(subscribers.items()):
            after = _after(before, (finding for finding in ours if finding.subscriber_id == subscriber_id))
            if after is not before:
                await uow.subscribers.save(after)
                disabled += _disabled(after)
    return disabled


def _after(subscriber: Subscriber, findings: Iterable[EndpointFinding]) -> Subscriber:
    for finding in findings:
        point = subscriber.channels.get(Channel.WEBHOOK)
        if isinstance(point, Mapping) and point.get("url") == finding.url:
            changed = after_round(point, ok=finding.ok, gone=finding.gone, now=finding.at)
            if changed is not point:
                subscriber = replace(subscriber, channels={**subscriber.channels, Channel.WEBHOOK.value: changed})
    return subscriber


def _disabled(subscriber: Subscriber) -> list[DisabledEndpoint]:
    point = subscriber.channels[Channel.WEBHOOK]
    if not isinstance(point, Mapping) or not switched_off(point):
        return []
    return [
        DisabledEndpoint(
            tenant_id=subscriber.tenant_id,
            subscriber_id=subscriber.subscriber_id,
            reason=str(point[DISABLED_REASON]),
        )
    ]
