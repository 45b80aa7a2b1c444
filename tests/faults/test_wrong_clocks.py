"""F-16: workers whose clocks are wrong; the store's is right."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.faults.checker import totals, violations
from tests.faults.facts import Facts
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.scene import Scene
from tests.faults.sink import EMAIL, WEBHOOK, Answer, Request
from tests.faults.wrong_clocks import SHIFTS, start_wrong_workers

SUBSCRIBERS = 10
SENT_OVER = (EMAIL, WEBHOOK)
# The first pause between rounds, of e-mails and webhooks alike, and how much it is spread.
BACKOFF_SECONDS = 5.0
BACKOFF_SPREAD = 0.2
OFF_SECONDS = 2.0
FINAL_SECONDS = 60.0
AHEAD_SECONDS = 4.0
# A pace that leaves nothing waiting, or it would be measured.
TOGETHER = 8
PAUSE_SECONDS = 0.4
# Every third is asked for at once, every third for later; the last third is refused at first.
KINDS = ("now", "later", "again")


@pytest.mark.service
@pytest.mark.parametrize("notifications", [45, pytest.param(500, marks=pytest.mark.nightly)])
async def test_f16_nothing_is_sent_early_or_late_when_clocks_of_workers_are_wrong(
    tmp_path: Path, notifications: int
) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        await start_wrong_workers(stage)
        refused = _refuse_at_first(stage)
        due = await _ask(stage, notifications)
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    off = _off(facts, due, refused)
    sys.stdout.write(f"{totals(facts)}\n")
    sys.stdout.write(
        "".join(f"figures {kind}: {min(each):.3f} to {max(each):.3f} s off\n" for kind, each in off.items())
    )
    assert violations(facts) == []
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert totals(facts).lost == 0
    # Both had their share: their own times are in what they recorded.
    assert {_shift_of(attempt.started_at, facts.now) for attempt in facts.attempts} == set(SHIFTS.values())
    for kind in KINDS:
        assert min(off[kind]) >= -OFF_SECONDS
        assert max(off[kind]) <= OFF_SECONDS


def _refuse_at_first(stage: Scene) -> dict[str, float]:
    """Whose title says so; returns when each one was, by its delivery."""
    refused: dict[str, float] = {}

    def answer(request: Request) -> Answer:
        if b"again" not in request.content or request.id in refused:
            return Answer()
        refused[request.id] = datetime.now(UTC).timestamp()
        return Answer(acts=False)

    stage.sink.answer = answer
    return refused


async def _ask(stage: Scene, notifications: int) -> Mapping[str, float]:
    """When each notification is to be sent, by its key."""
    due: dict[str, float] = {}

    async def ask(number: int) -> None:
        kind, now = KINDS[number % len(KINDS)], datetime.now(UTC)
        ahead = AHEAD_SECONDS if kind == "later" else 0.0
        later = {"sendAt": (now + timedelta(seconds=ahead)).isoformat()} if ahead else {}
        reader = stage.subscribers[number % len(stage.subscribers)]
        post = await stage.producer.notify(f"{kind}-{number}", [reader], SENT_OVER, title=kind, fields=later)
        due[post.key] = max(now.timestamp() + ahead, datetime.now(UTC).timestamp() if not ahead else 0.0)

    for first in range(0, notifications, TOGETHER):
        await asyncio.gather(
            *(ask(number) for number in range(first, min(first + TOGETHER, notifications))),
            asyncio.sleep(PAUSE_SECONDS),
        )
    return due


def _off(facts: Facts, due: Mapping[str, float], refused: Mapping[str, float]) -> Mapping[str, Sequence[float]]:
    """By kind, how many seconds after its time each was sent; a retry may come whenever its spread lets it."""
    keys = {notification.id: notification.key for notification in facts.notifications}
    of_delivery = {str(delivery.id): keys[delivery.notification_id] for delivery in facts.deliveries}
    off: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for effect in facts.effects:
        key = of_delivery[effect.id]
        kind = key.partition("-")[0]
        if kind == "again":
            after = effect.at - refused[effect.id] - BACKOFF_SECONDS
            spread = BACKOFF_SECONDS * BACKOFF_SPREAD
            off[kind].append(after - max(-spread, min(spread, after)))
        else:
            off[kind].append(effect.at - due[key])
    return off


def _shift_of(told: datetime, now: datetime) -> timedelta:
    """The nearest of them to how far a time is from the store's."""
    return min(SHIFTS.values(), key=lambda by: abs(told - now - by))
