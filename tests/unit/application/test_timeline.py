"""What is told of a notification, and in which words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from application.notifications.ports import ItemMarks, TimelineFacts
from application.notifications.timeline import KINDS, TimelineEntry, timeline
from application.notifications.views import AttemptView, DeliveryView
from container import Container
from domain.identity.principal import Principal
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content
from domain.notifications.errors import NotificationNotFound
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.workflows.run import Run, RunStatus, StepOutcome, StepRecord, Wait
from tests.unit.application.asking import BACKEND, EMAIL, names, request, send, with_email
from tests.unit.application.due_jobs import run_due_jobs
from tests.unit.application.sending import mail_out

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ID = UUID(int=7)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def plain(**changes: Any) -> Notification:
    """Any, here and below: fields of many types."""
    one = Notification(
        id=ID,
        tenant_id="default",
        transaction_id="t",
        fingerprint="f",
        content=Content(title="x"),
        channels=(Channel.EMAIL,),
        audience=Audience(),
        recipients=1,
        expanded=True,
        created_at=NOON,
    )
    return replace(one, **changes)


def delivery(*attempts: AttemptView, **changes: Any) -> DeliveryView:
    one = DeliveryView(
        id=ID,
        notification_id=ID,
        subscriber_id="ann",
        step=None,
        channel="email",
        status="sent",
        reason=None,
        generation=0,
        replay_of=None,
        rounds=1,
        next_attempt_at=None,
        created_at=at(1),
        finished_at=at(9),
        receipt=None,
        attempts=attempts,
    )
    return replace(one, **changes)


def attempt(number: int, outcome: str, **changes: Any) -> AttemptView:
    one = AttemptView(
        id=UUID(int=number),
        round=1,
        provider="smtp-a",
        outcome=outcome,
        started_at=at(number),
        finished_at=at(number + 1),
        status_code=None,
        error_code=None,
        detail=None,
    )
    return replace(one, **changes)


def run(**changes: Any) -> Run:
    one = Run(
        id=ID,
        tenant_id="default",
        notification_id=ID,
        workflow="shipped",
        version=3,
        target="ann",
        queue="q",
        priority=2,
        created_at=at(0.5),
    )
    return replace(one, **changes)


def told(entries: list[TimelineEntry]) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in entries]


def story(one: DeliveryView) -> list[str]:
    return [entry.text for entry in timeline(plain(), TimelineFacts(deliveries=(one,)), at(99))][2:]


def test_each_answer_says_what_followed_when_a_second_provider_takes_it() -> None:
    refused = attempt(1, "retryable", status_code=421, error_code="smtp.busy", detail="421 try later\nmore")
    taken = attempt(2, "ok", provider="smtp-b", status_code=250, detail="250 queued as A1")
    one = delivery(refused, taken)
    assert story(one) == [
        "smtp-a could not take it: 421 try later; trying the next provider",
        "smtp-b took it: 250 queued as A1",
        "sent",
    ]
    entry = timeline(plain(), TimelineFacts(deliveries=(one,)), at(99))[2]
    assert (entry.at, entry.kind, entry.subscriber_id, entry.channel, entry.delivery_id) == (
        at(2), "attempt", "ann", "email", ID,
    )  # fmt: skip
    assert entry.detail == {
        "attemptId": str(refused.id),
        "round": 1,
        "provider": "smtp-a",
        "outcome": "retryable",
        "statusCode": 421,
        "errorCode": "smtp.busy",
        "providerAnswer": "421 try later\nmore",
    }


@pytest.mark.parametrize(
    ("attempts", "changes", "texts"),
    [
        (
            [attempt(1, "throttled", error_code="smtp.busy"), attempt(2, "abandoned", round=2, provider=None)],
            {"status": "pending", "finished_at": None, "next_attempt_at": at(60)},
            [
                "smtp-a is busy: smtp.busy; trying again",
                "the worker that was sending it died; trying again at 2030-01-01 12:01 UTC",
            ],
        ),
        (
            [attempt(1, "ambiguous")],
            {"status": "sending", "finished_at": None},
            ["smtp-a may have taken it; trying again"],
        ),
        (
            [attempt(1, "recipient_permanent", status_code=550)],
            {"status": "failed", "reason": "smtp.mailbox_unknown"},
            ["smtp-a refused the recipient: 550", "failed: smtp: mailbox unknown"],
        ),
        (
            [attempt(1, "provider_permanent", detail="é" * 300)],
            {"status": "failed", "reason": "rounds_exhausted"},
            [f"smtp-a cannot be used: {'é' * 199}…", "failed: every round was in vain"],
        ),
        ([], {"status": "suppressed", "reason": "no_contact_point"},
         ["suppressed: the subscriber has no address for it"]),
        ([], {"status": "expired", "reason": "expired"}, ["expired: its time was over"]),
        ([], {"status": "cancelled", "reason": "cancelled"}, ["cancelled: the notification was called off"]),
        ([], {"channel": "in_app"}, ["in the inbox"]),
    ],
)  # fmt: skip
def test_words_fit_when_a_delivery_goes_that_way(
    attempts: list[AttemptView], changes: Mapping[str, Any], texts: list[str]
) -> None:
    assert story(delivery(*attempts, **changes)) == texts


def test_everything_is_in_order_of_time_when_a_workflow_has_run() -> None:
    steps = {
        "pause": StepRecord(outcome=StepOutcome.COMPLETED, at=at(2)),
        "mail": StepRecord(
            outcome=StepOutcome.HANDED_OVER, at=at(3), because="she has it off", reason="preference", delivery_id=ID
        ),
        "sms": StepRecord(outcome=StepOutcome.SKIPPED, at=at(3), reason="condition", because="no such need"),
    }  # fmt: skip
    suppressed = delivery(step="mail", status="suppressed", reason="preference", created_at=at(3), finished_at=at(3))
    facts = TimelineFacts(
        deliveries=(suppressed,),
        runs=(run(steps=steps, status=RunStatus.COMPLETED, finished_at=at(3)),),
        items=(ItemMarks(item_id=ID, subscriber_id="ann", seen_at=at(4), read_at=at(5), archived_at=at(6)),),
    )
    one = plain(workflow="shipped", workflow_version=3, send_at=at(1), cancel_requested_at=at(7))
    assert told(timeline(one, facts, at(99))) == [
        ("notification.accepted", "accepted for 1 recipient: workflow shipped, version 3"),
        ("notification.scheduled", "scheduled for 2030-01-01 12:00 UTC"),
        ("run.started", "workflow shipped, version 3, began"),
        ("step.completed", "completed"),
        ("delivery.created", "email delivery"),
        ("delivery.suppressed", "suppressed: she has it off"),
        ("step.skipped", "skipped: no such need"),
        ("run.completed", "workflow completed"),
        ("item.seen", "seen in the inbox"),
        ("item.read", "read in the inbox"),
        ("item.archived", "archived in the inbox"),
        ("notification.cancel_requested", "called off: what is not sent yet will not be"),
    ]


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "held until 2030-01-02 07:00 Europe/Berlin: quiet hours"),
        (None, "held until 2030-01-02 06:00 UTC: quiet hours"),
        ("Nowhere/Land", "held until 2030-01-02 06:00 UTC: quiet hours"),
    ],
)
def test_time_is_the_subscribers_own_when_a_run_is_held(zone: str | None, text: str) -> None:
    wait = Wait(since=at(1), until=datetime(2030, 1, 2, 6, tzinfo=UTC), reason="preference.quiet_hours")
    facts = TimelineFacts(runs=(run(wait=wait),), timezones={"ann": zone} if zone else {})
    entry = timeline(plain(), facts, at(99))[-1]
    assert (entry.kind, entry.text, entry.at) == ("run.waiting", text, at(1))
    assert entry.detail == {"until": "2030-01-02T06:00:00.000Z", "reason": "preference.quiet_hours"}


def test_a_redrive_says_what_it_repeats_when_there_is_one() -> None:
    again = delivery(id=UUID(int=8), generation=1, replay_of=ID, created_at=at(20), finished_at=at(21))
    failed = delivery(status="failed", reason="poison")
    entries = timeline(plain(), TimelineFacts(deliveries=(failed, again)), at(99))
    assert [entry.text for entry in entries[1:]] == [
        "email delivery",
        "failed: it killed the workers that sent it",
        "email delivery, again: redriven",
        "sent",
    ]
    assert entries[3].detail == {"generation": 1, "replayOf": str(ID)}


def test_places_are_distinct_and_kinds_known_when_all_happens_at_once() -> None:
    steps = {key: StepRecord(outcome=StepOutcome.SKIPPED, at=NOON, reason="condition") for key in "abc"}
    attempts = [attempt(number, "retryable", finished_at=NOON) for number in range(3)]
    one = delivery(*attempts, created_at=NOON, finished_at=NOON)
    runs = tuple(run(id=UUID(int=number), steps=steps, created_at=NOON) for number in range(3))
    facts = TimelineFacts(deliveries=(one, replace(one, id=UUID(int=9))), runs=runs)
    entries = timeline(plain(), facts, NOON)
    assert len({entry.place for entry in entries}) == len(entries) == 1 + 3 * 4 + 2 * 5
    assert {entry.kind for entry in entries} <= set(KINDS)


def test_totals_are_told_when_there_are_too_many() -> None:
    one = plain(recipients=3, counts=Counts(sent=2, failed=1), finished_at=at(5))
    entry = timeline(one, TimelineFacts(complete=False), at(99))[-1]
    assert (entry.kind, entry.at) == ("notification.totals", at(5))
    assert entry.text.startswith("3 deliveries: 2 sent, 1 failed;")
    assert entry.detail["counts"]["sent"] == 2


async def read(container: Container, notification_id: UUID, subscriber: str | None = None, limit: int = 100) -> Any:
    """All pages. Any: entries."""
    found: list[TimelineEntry] = []
    cursor, first = None, True
    while first or cursor:
        page = await container.get_timeline()(
            BACKEND, notification_id, subscriber=subscriber, cursor=cursor, limit=limit
        )
        found, cursor, first = found + page.items, page.next_cursor, False
    return found


async def test_pages_hold_each_entry_once_when_turned(container: Container) -> None:
    sent = await send(container, request(*map(with_email, names(5)), channels=EMAIL))
    await mail_out(container, 5)
    whole = await read(container, sent.id)
    assert len(whole) == 1 + 5 * 2
    assert await read(container, sent.id, limit=3) == whole
    assert [entry.place for entry in whole] == sorted(entry.place for entry in whole)


async def test_totals_and_single_stories_are_told_when_recipients_are_many(container: Container) -> None:
    sent = await send(container, request(*map(with_email, names(101)), channels=EMAIL))
    await run_due_jobs(container)
    assert [entry.kind for entry in await read(container, sent.id)] == ["notification.accepted", "notification.totals"]
    one = await read(container, sent.id, "u0007")
    assert [(entry.kind, entry.subscriber_id) for entry in one] == [
        ("notification.accepted", None),
        ("delivery.created", "u0007"),
    ]


async def test_it_is_not_found_when_it_is_another_tenants(container: Container) -> None:
    sent = await send(container, request("ann"))
    with pytest.raises(NotificationNotFound):
        await container.get_timeline()(Principal.system("stranger"), sent.id, subscriber=None, cursor=None, limit=9)
