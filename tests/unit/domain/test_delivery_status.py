"""The life of a delivery."""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import (
    FINAL,
    OPEN,
    TRANSITIONS,
    DeliveryStatus,
    DeliveryTrigger,
    IllegalTransition,
    after,
)
from domain.shared.lease import Lease

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Written out a second time by hand: whoever changes the table changes a promise, and says so here.
EXPECTED = {
    "pending": {"claim": "sending", "cancel": "cancelled", "expire": "expired", "suppress": "suppressed"},
    "sending": {
        "accepted": "sent",
        "round_failed": "pending",
        "release": "pending",
        "lease_lost": "sending",
        "give_up": "failed",
        "cancel": "cancelled",
        "expire": "expired",
        "suppress": "suppressed",
    },
}


def delivery(status: DeliveryStatus) -> Delivery:
    leased = status is DeliveryStatus.SENDING
    return Delivery(
        id=UUID(int=1),
        tenant_id="default",
        notification_id=UUID(int=2),
        target="u1",
        channel=Channel.EMAIL,
        queue="notifications",
        priority=Priority.NORMAL,
        status=status,
        rounds=2,
        next_attempt_at=NOW,
        lease=Lease(owner="w", token=7) if leased else None,
        created_at=NOW,
    )


@pytest.mark.parametrize(("status", "trigger"), list(product(DeliveryStatus, DeliveryTrigger)), ids=str)
def test_the_next_status_is_the_one_of_the_table_when_triggered(
    status: DeliveryStatus, trigger: DeliveryTrigger
) -> None:
    expected = EXPECTED.get(status, {}).get(trigger)
    if expected is None:
        with pytest.raises(IllegalTransition):
            after(status, trigger)
    else:
        assert after(status, trigger) == expected


def test_every_status_is_open_or_final_when_sorted() -> None:
    assert set(DeliveryStatus) == OPEN | FINAL
    assert not OPEN & FINAL


def test_every_final_status_can_be_reached_when_a_delivery_is_new() -> None:
    reached, edge = {DeliveryStatus.PENDING}, {DeliveryStatus.PENDING}
    while edge:
        edge = {end for (start, _), end in TRANSITIONS.items() if start in edge} - reached
        reached |= edge
    assert reached == set(DeliveryStatus)


@given(st.lists(st.sampled_from(DeliveryTrigger), max_size=30))
def test_exactly_one_final_status_is_reached_when_triggers_come_in_any_order(triggers: list[DeliveryTrigger]) -> None:
    status, finals = DeliveryStatus.PENDING, []
    for trigger in triggers:
        try:
            status = after(status, trigger)
        except IllegalTransition:
            continue
        if status in FINAL:
            finals.append(status)
    assert len(finals) == (1 if status in FINAL else 0)


@pytest.mark.parametrize(
    ("status", "trigger", "end"),
    [
        (DeliveryStatus.PENDING, DeliveryTrigger.CANCEL, DeliveryStatus.CANCELLED),
        (DeliveryStatus.SENDING, DeliveryTrigger.ACCEPTED, DeliveryStatus.SENT),
        (DeliveryStatus.SENDING, DeliveryTrigger.GIVE_UP, DeliveryStatus.FAILED),
    ],
)
def test_nothing_waits_any_more_when_a_delivery_has_ended(
    status: DeliveryStatus, trigger: DeliveryTrigger, end: DeliveryStatus
) -> None:
    ended = delivery(status).end(trigger, NOW, "why")

    assert (ended.status, ended.reason, ended.finished_at) == (end, "why", NOW)
    assert (ended.next_attempt_at, ended.lease, ended.rounds) == (None, None, 2)


def test_it_is_not_finished_when_the_trigger_leads_to_an_open_status() -> None:
    assert delivery(DeliveryStatus.SENDING).end(DeliveryTrigger.RELEASE, NOW).finished_at is None


@pytest.mark.parametrize("status", sorted(FINAL))
def test_it_refuses_to_end_again_when_it_has_ended(status: DeliveryStatus) -> None:
    with pytest.raises(IllegalTransition, match=f"a {status} delivery does not take cancel"):
        delivery(status).end(DeliveryTrigger.CANCEL, NOW)
