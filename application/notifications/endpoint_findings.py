"""What deliveries find out about the endpoints and devices they go to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.unit_of_work import UnitOfWork
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.shared.json import JsonObject
from domain.subscribers.channel_points import DEVICES, without_devices
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
class DeadDevices:
    """Devices of a subscriber, by kind, that a push service does not know any more."""

    tenant_id: str
    subscriber_id: str
    devices: Mapping[str, frozenset[str]]


Finding = EndpointFinding | DeadDevices


@dataclass(frozen=True, slots=True, kw_only=True)
class DisabledEndpoint:
    """A webhook that was switched off just now."""

    tenant_id: str
    subscriber_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedDevices:
    """Kinds of devices of which some were taken off a subscriber just now."""

    tenant_id: str
    subscriber_id: str
    kinds: tuple[str, ...]


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


async def note_findings(uow: UnitOfWork, findings: Sequence[Finding]) -> list[DisabledEndpoint | RemovedDevices]:
    """Write them down, and tell which endpoints are switched off and which devices are forgotten by that.

    An endpoint that was set to another URL since has nothing to do with what was found, nor a device that was removed.
    """
    noted: list[DisabledEndpoint | RemovedDevices] = []
    for tenant_id in sorted({finding.tenant_id for finding in findings}):
        ours = [finding for finding in findings if finding.tenant_id == tenant_id]
        subscribers = await uow.subscribers.get_many(tenant_id, {finding.subscriber_id for finding in ours})
        for subscriber_id, before in sorted(subscribers.items()):
            after = _after(before, (finding for finding in ours if finding.subscriber_id == subscriber_id))
            if after is not before:
                await uow.subscribers.save(after)
                noted += [*_disabled(before, after), *_removed(before, after)]
    return noted


def _after(subscriber: Subscriber, findings: Iterable[Finding]) -> Subscriber:
    for finding in findings:
        points = subscriber.channels
        if isinstance(finding, DeadDevices):
            for kind, devices in finding.devices.items():
                points = without_devices(points, kind, devices)
        else:
            points = _judged(points, finding)
        if points is not subscriber.channels:
            subscriber = replace(subscriber, channels=points)
    return subscriber


def _judged(points: JsonObject, finding: EndpointFinding) -> JsonObject:
    point = points.get(Channel.WEBHOOK)
    if not isinstance(point, Mapping) or point.get("url") != finding.url:
        return points
    changed = after_round(point, ok=finding.ok, gone=finding.gone, now=finding.at)
    return points if changed is point else {**points, Channel.WEBHOOK.value: changed}


def _disabled(before: Subscriber, after: Subscriber) -> list[DisabledEndpoint]:
    point = after.channels.get(Channel.WEBHOOK)
    if point is before.channels.get(Channel.WEBHOOK) or not isinstance(point, Mapping) or not switched_off(point):
        return []
    return [
        DisabledEndpoint(
            tenant_id=after.tenant_id, subscriber_id=after.subscriber_id, reason=str(point[DISABLED_REASON])
        )
    ]


def _removed(before: Subscriber, after: Subscriber) -> list[RemovedDevices]:
    kinds = tuple(
        kind for kind, (name, _) in DEVICES.items() if after.channels.get(name) is not before.channels.get(name)
    )
    return [RemovedDevices(tenant_id=after.tenant_id, subscriber_id=after.subscriber_id, kinds=kinds)] if kinds else []
