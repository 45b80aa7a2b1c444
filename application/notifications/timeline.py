"""The timeline of a notification: everything that is known to have happened, in order, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Final
from uuid import UUID

from application.notifications import timeline_words as words
from application.notifications.ports import ItemMarks, TimelineFacts
from application.notifications.views import DeliveryView
from domain.notifications.delivery_status import OPEN
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonObject
from domain.shared.moment import wire_time
from domain.workflows.run import RUN_FINAL, Run, StepOutcome

# What happened at the same moment is told in this order.
KINDS: Final = (
    "notification.accepted",
    "notification.scheduled",
    "run.started",
    "delivery.created",
    "attempt",
    "delivery.suppressed",
    "delivery.sent",
    "delivery.failed",
    "delivery.expired",
    "step.skipped",
    "step.completed",
    "run.waiting",
    "item.seen",
    "item.read",
    "item.archived",
    "notification.cancel_requested",
    "delivery.cancelled",
    "run.completed",
    "run.cancelled",
    "run.expired",
    "run.failed",
    "notification.totals",
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened. `source` tells entries of one kind and moment apart."""

    at: datetime
    kind: str
    text: str
    source: str
    subscriber_id: str | None = None
    step: str | None = None
    channel: str | None = None
    delivery_id: UUID | None = None
    detail: JsonObject = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands: entries sort by it, and a page begins after one."""
        rank = KINDS.index(self.kind) if self.kind in KINDS else len(KINDS)
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1):017d}.{rank:02d}.{self.source}"


def timeline(notification: Notification, facts: TimelineFacts, now: datetime) -> list[TimelineEntry]:
    """All entries, the oldest first; without `facts.complete` those of the notification itself, and its totals."""
    entries = list(_of_notification(notification))
    if facts.complete:
        because = {record.delivery_id: record.because for run in facts.runs for record in run.steps.values()}
        for run in facts.runs:
            entries += _of_run(run, facts.timezones.get(run.target))
        for delivery in facts.deliveries:
            entries += _of_delivery(delivery, because.get(delivery.id))
        entries += [entry for marks in facts.items for entry in _of_item(marks)]
    else:
        entries.append(_totals(notification, now))
    return sorted(entries, key=lambda entry: entry.place)


def _of_notification(one: Notification) -> Iterator[TimelineEntry]:
    source = str(one.id)
    what = f"workflow {one.workflow}, version {one.workflow_version}" if one.workflow else ", ".join(one.channels)
    plural = "" if one.recipients == 1 else "s"
    number = f" for {one.recipients} recipient{plural}" if one.recipients is not None else ""
    detail = {"recipients": one.recipients, "workflow": one.workflow, "version": one.workflow_version}
    yield TimelineEntry(
        at=one.created_at, kind="notification.accepted", text=f"accepted{number}: {what}", source=source, detail=detail
    )
    if one.send_at is not None and one.send_at > one.created_at:
        text = f"scheduled for {words.moment_words(one.send_at, None)}"
        detail = {"sendAt": wire_time(one.send_at)}
        yield TimelineEntry(at=one.created_at, kind="notification.scheduled", text=text, source=source, detail=detail)
    if one.cancel_requested_at is not None:
        text = "called off: what is not sent yet will not be"
        at = one.cancel_requested_at
        yield TimelineEntry(at=at, kind="notification.cancel_requested", text=text, source=source)


def _totals(one: Notification, now: datetime) -> TimelineEntry:
    counts = {name: getattr(one.counts, name) for name in Counts.__slots__}
    return TimelineEntry(
        at=max(one.finished_at or now, one.cancel_requested_at or one.created_at),
        kind="notification.totals",
        text=f"{words.totals_words(one.counts)}; ask for one subscriber to see what happened to each",
        source=str(one.id),
        detail={"counts": counts, "status": one.status.value},
    )


def _of_run(run: Run, timezone: str | None) -> Iterator[TimelineEntry]:
    def entry(at: datetime, kind: str, text: str, step: str | None = None, **detail: object) -> TimelineEntry:
        source = f"{run.id}.{step or ''}"
        return TimelineEntry(
            at=at, kind=kind, text=text, source=source, subscriber_id=run.target, step=step, detail=detail
        )

    began = f"workflow {run.workflow}, version {run.version}, began"
    yield entry(run.created_at, "run.started", began, workflow=run.workflow, version=run.version)
    for key, record in run.steps.items():
        if record.outcome is not StepOutcome.HANDED_OVER:
            kind = f"step.{record.outcome.value}"
            yield entry(record.at, kind, words.step_words(record), key, reason=record.reason, because=record.because)
    if run.wait is not None:
        until = wire_time(run.wait.until)
        text = words.wait_words(run, timezone)
        yield entry(run.wait.since, "run.waiting", text, until=until, reason=run.wait.reason)
    if run.status in RUN_FINAL:
        text = words.with_reason(f"workflow {run.status.value}", run.reason)
        yield entry(run.finished_at or run.created_at, f"run.{run.status.value}", text, reason=run.reason)


def _of_delivery(one: DeliveryView, because: str | None) -> Iterator[TimelineEntry]:
    def entry(at: datetime, kind: str, text: str, source: str, detail: Mapping[str, object]) -> TimelineEntry:
        return TimelineEntry(
            at=at,
            kind=kind,
            text=text,
            source=source,
            subscriber_id=one.subscriber_id,
            step=one.step,
            channel=one.channel,
            delivery_id=one.id,
            detail=detail,
        )

    again = f"{one.channel} delivery, again: redriven" if one.replay_of else f"{one.channel} delivery"
    replay = {"generation": one.generation, "replayOf": str(one.replay_of)} if one.replay_of else {}
    yield entry(one.created_at, "delivery.created", again, str(one.id), replay)
    for attempt, following in zip_longest(one.attempts, one.attempts[1:]):
        detail = {
            "attemptId": str(attempt.id),
            "round": attempt.round,
            "provider": attempt.provider,
            "outcome": attempt.outcome,
            "statusCode": attempt.status_code,
            "errorCode": attempt.error_code,
            "providerAnswer": attempt.detail,
        }
        text = words.attempt_words(attempt, following, one)
        yield entry(attempt.finished_at, "attempt", text, f"{one.id}.{attempt.id}", detail)
    if one.status not in OPEN:
        text, ended = words.ended_words(one, because), {"reason": one.reason, "rounds": one.rounds}
        yield entry(one.finished_at or one.created_at, f"delivery.{one.status}", text, str(one.id), ended)


def _of_item(marks: ItemMarks) -> Iterable[TimelineEntry]:
    times = (("seen", marks.seen_at), ("read", marks.read_at), ("archived", marks.archived_at))
    return [
        TimelineEntry(
            at=at,
            kind=f"item.{mark}",
            text=f"{mark} in the inbox",
            source=str(marks.item_id),
            subscriber_id=marks.subscriber_id,
            channel="in_app",
            detail={"itemId": str(marks.item_id)},
        )
        for mark, at in times
        if at is not None
    ]
