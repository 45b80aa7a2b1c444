"""Counters of deliveries against the rows that they are about (I8)."""

from collections import Counter

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.test_suspects import die_as_suspect, die_with
from tests.unit.worker.world import World, all_in, until

DOWN = SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=500)
REFUSED = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=550)
OK = SendReport(outcome=AttemptOutcome.OK)
EMAIL = "email"


def ended(world: World) -> tuple[Counter[str], Counter[str]]:
    """How many of the rows, and how many of the counters, have each final status."""
    rows = Counter(each.status.value for each in world.deliveries() if each.status in FINAL)
    numbers = {
        status.value: int(world.metrics.count("deliveries_recorded_total", channel=EMAIL, status=status.value))
        for status in FINAL
    }
    return rows, +Counter(numbers)


def tried(world: World, provider: str | None, outcome: AttemptOutcome) -> tuple[int, float]:
    """How many rows of attempts there are, and what the counter says."""
    attempts = [attempt for each in world.deliveries() for attempt in world.attempts(each)]
    rows = sum((each.provider, each.outcome) == (provider, outcome) for each in attempts)
    labels = {"channel": EMAIL, "provider": provider or "", "outcome": outcome.value}
    return rows, world.metrics.count("delivery_attempts_total", **labels)


async def test_counters_are_what_the_rows_are_when_deliveries_end_in_every_way() -> None:
    answers = iter([OK, REFUSED, DOWN, OK])

    def answer(_: OutboundMessage) -> SendReport:
        return next(answers, OK)

    world = World(RecordingChannel(Channel.EMAIL, reports=answer), plan={"slots": {Channel.EMAIL: 1}})
    (poison,) = await world.notify()
    await die_with(world, 1)
    for _ in range(5):
        await die_as_suspect(world)
    async with world.working():
        await until(lambda: world.delivery(poison).status is DeliveryStatus.FAILED)
        await world.notify(5)
        await until(lambda: sum(each.rounds for each in world.deliveries()) == 5)
        world.clock.advance(60)
        await until(all_in(["sent", "failed"], world))

    rows, counted = ended(world)
    assert rows == counted == {"sent": 4, "failed": 2}
    assert tried(world, None, AttemptOutcome.ABANDONED) == (1, 1)
    assert tried(world, "recording", AttemptOutcome.RETRYABLE) == (1, 1)
    assert tried(world, "recording", AttemptOutcome.OK) == (4, 4)
