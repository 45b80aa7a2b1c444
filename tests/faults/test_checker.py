"""The checker finds what is planted, and nothing where nothing is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.audit.chain import ChainHead, RecordedEntry, SealedEntry
from domain.audit.entry import AuditEntry
from domain.notifications.delivery_status import DeliveryStatus
from domain.realtime.cursor import Cursor
from tests.faults.checker import INVARIANTS, totals, violations
from tests.faults.facts import (
    Change,
    Facts,
    Frame,
    Heard,
    Post,
    StoredAttempt,
    StoredDelivery,
    StoredItem,
    StoredLease,
    StoredNotification,
)
from tests.faults.sink import Effect

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAIL, IN_APP, NOTIFICATION, READER = (UUID(int=number) for number in range(1, 5))
STRANGER = UUID(int=99)
PENDING, SENDING, SENT, FAILED = (DeliveryStatus(name) for name in ("pending", "sending", "sent", "failed"))


def second(number: float) -> datetime:
    return NOON + timedelta(seconds=number)


def attempt(number: int, began: float, ended: float, outcome: str = "ok") -> StoredAttempt:
    return StoredAttempt(
        id=UUID(int=1_000 + number),
        delivery_id=MAIL,
        provider="smtp",
        outcome=outcome,
        started_at=second(began),
        finished_at=second(ended),
    )


def change(before: DeliveryStatus, after: DeliveryStatus) -> Change:
    return Change(delivery_id=MAIL, before=before, after=after)


def update(seq: int, epoch: int = 1) -> Frame:
    return Frame(Heard.UPDATE, Cursor(epoch, seq))


def chain_of(length: int) -> tuple[tuple[SealedEntry, ...], ChainHead]:
    head, entries = ChainHead(), list[SealedEntry]()
    for number in range(length):
        entry = AuditEntry(tenant_id="default", actor="system:system", action="a.b", target=f"a:{number}", at=NOON)
        entries.append(head.seal(RecordedEntry(id=UUID(int=number), entry=entry, trace_id="0" * 32)))
        head = head.after(entries[-1])
    return tuple(entries), head


CHAIN, HEAD = chain_of(2)
GOOD = Facts(
    posts=(Post(key="order-1", expected=frozenset({("u1", "email"), ("u1", "in_app")}), answers=(NOTIFICATION,)),),
    notifications=(StoredNotification(id=NOTIFICATION, key="order-1", counts={"sent": 2, "pending": 0}),),
    deliveries=(
        StoredDelivery(id=MAIL, notification_id=NOTIFICATION, target="u1", channel="email", status=SENT),
        StoredDelivery(id=IN_APP, notification_id=NOTIFICATION, target="u1", channel="in_app", status=SENT),
    ),
    changes=(change(PENDING, SENDING), change(SENDING, SENT)),
    attempts=(attempt(1, 0, 1, "abandoned"), attempt(2, 1, 2)),
    items=(StoredItem(id=IN_APP, notification_id=NOTIFICATION, recipient_id=READER),),
    leases=(StoredLease(kind="job", id=STRANGER, deadline=second(-14)),),
    effects=(Effect(id=str(MAIL), channel="email", at=1.0), Effect(id=str(MAIL), channel="email", at=2.0)),
    received={"u1": (Frame(Heard.START, Cursor(1, 0)), update(1), update(1), update(2))},
    heads={"u1": Cursor(1, 2)},
    audit=CHAIN,
    audit_heads={"default": HEAD},
    kills=1,
    slots=1,
    now=NOON,
)
MAIL_ROW, IN_APP_ROW = GOOD.deliveries
NOTIFIED, ITEM, EFFECT = GOOD.notifications[0], GOOD.items[0], GOOD.effects[0]


def planted(**changes: Any) -> Callable[[], Facts]:  # Any: fields of Facts
    return lambda: replace(GOOD, **changes)


PLANTED: dict[str, list[tuple[str, Callable[[], Facts]]]] = {
    "I1": [
        ("lost", planted(notifications=())),
        ("stored twice", planted(notifications=(NOTIFIED, replace(NOTIFIED, id=STRANGER)))),
        ("two answers", planted(posts=(replace(GOOD.posts[0], answers=(NOTIFICATION, STRANGER)),))),
        ("unasked", planted(posts=())),
        ("a delivery lost", planted(deliveries=(MAIL_ROW,))),
        ("a delivery too many", planted(deliveries=(*GOOD.deliveries, replace(MAIL_ROW, id=STRANGER, target="u2")))),
        ("a delivery twice", planted(deliveries=(*GOOD.deliveries, replace(MAIL_ROW, id=STRANGER)))),
    ],
    "I2": [
        ("still open", planted(deliveries=(replace(MAIL_ROW, status=SENDING), IN_APP_ROW))),
        ("changed after the end", planted(changes=(*GOOD.changes, change(SENT, FAILED)))),
        ("ended twice", planted(changes=(*GOOD.changes, change(SENT, SENDING), change(SENDING, SENT)))),
        ("a step that no rule allows", planted(changes=(change(PENDING, SENT),))),
        ("a step from elsewhere", planted(changes=(change(PENDING, SENDING), change(PENDING, SENDING)))),
        ("changed behind the store's back", planted(changes=(*GOOD.changes[:1], change(SENDING, FAILED)))),
    ],
    "I3": [
        ("sent without effect", planted(effects=())),
        ("sent without item", planted(items=())),
        ("an effect of nobody", planted(effects=(*GOOD.effects, replace(EFFECT, id=str(STRANGER))))),
        ("an effect over another channel", planted(effects=(*GOOD.effects, replace(EFFECT, channel="webhook")))),
    ],
    "I4": [
        ("a repeat without a kill", planted(kills=0)),
        ("more repeats than slots", planted(effects=(EFFECT,) * 3)),
        ("an item twice", planted(items=(ITEM, replace(ITEM, id=STRANGER)))),
        ("an item of no delivery", planted(items=(ITEM, replace(ITEM, id=STRANGER, recipient_id=STRANGER)))),
    ],
    "I5": [
        ("a gap", planted(received={"u1": (Frame(Heard.START, Cursor(1, 0)), update(2))})),
        ("a start beyond", planted(received={"u1": (update(1), Frame(Heard.START, Cursor(1, 2)))})),
        ("the end missing", planted(received={"u1": (update(1),)})),
        ("told of a gap", planted(received={"u1": (update(1), Frame(Heard.RESET, Cursor(1, 2)))})),
        ("another epoch", planted(received={"u1": (update(1), update(2, epoch=2))}, heads={"u1": Cursor(2, 2)})),
        ("nothing at all", planted(received={"u1": ()})),
    ],
    "I6": [
        ("two at once", planted(attempts=(attempt(1, 0, 2), attempt(2, 1, 3)))),
        ("one within another", planted(attempts=(attempt(1, 0, 9, "abandoned"), attempt(2, 1, 2)))),
        ("of nobody", planted(attempts=(replace(attempt(1, 0, 1), delivery_id=STRANGER),))),
    ],
    "I7": [
        ("one missing", planted(audit=CHAIN[:1])),
        ("all missing", planted(audit=())),
        ("one changed", planted(audit=(CHAIN[0], replace(CHAIN[1], digest=bytes(32))))),
        ("no head", planted(audit_heads={})),
    ],
    "I8": [
        ("a count too many", planted(notifications=(replace(NOTIFIED, counts={"sent": 3}),))),
        ("less than nothing", planted(notifications=(replace(NOTIFIED, counts={"sent": 2, "pending": -1}),))),
    ],
    "I9": [("forgotten", planted(leases=(StoredLease(kind="delivery", id=MAIL, deadline=second(-16)),)))],
}


def test_nothing_is_found_when_all_is_well() -> None:
    assert violations(GOOD) == []


def test_every_invariant_has_a_planted_violation() -> None:
    assert set(PLANTED) == set(INVARIANTS)


@pytest.mark.parametrize(
    ("invariant", "facts"),
    [pytest.param(name, facts, id=f"{name}-{what}") for name, cases in PLANTED.items() for what, facts in cases],
)
def test_a_violation_is_found_when_it_is_planted(invariant: str, facts: Callable[[], Facts]) -> None:
    assert invariant in {violation.invariant for violation in violations(facts())}


def test_repeats_are_allowed_for_answers_that_were_lost() -> None:
    lost_answer = replace(GOOD, kills=0, attempts=(attempt(1, 0, 1, "ambiguous"), attempt(2, 1, 2)))
    assert violations(lost_answer) == []


def test_an_unanswered_post_may_be_stored_or_not() -> None:
    unanswered = replace(GOOD.posts[0], answers=(), tries=3)
    assert violations(replace(GOOD, posts=(unanswered,))) == []
    assert violations(replace(GOOD, posts=(*GOOD.posts, replace(unanswered, key="order-2")))) == []


def test_a_run_is_counted_by_what_became_of_it() -> None:
    stray = Effect(id=str(STRANGER), channel="email", at=3.0)
    facts = replace(GOOD, deliveries=(MAIL_ROW, replace(IN_APP_ROW, status=PENDING)), effects=(*GOOD.effects, stray))
    counted = totals(facts)
    assert (counted.posts, counted.deliveries, counted.effects) == (1, 2, 3)
    assert (counted.lost, counted.unexpected, counted.duplicated, counted.recovered) == (1, 1, 1, 1)
    assert counted.allowed_duplicates == 1
