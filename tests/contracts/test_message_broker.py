"""MessageBroker, over every driver; so far there is the one in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from application.ports.message_broker import Message, MessageBroker, Subscription, fits
from domain.shared.errors import Unavailable
from infrastructure.message_broker.memory import MOST_WAITING, MemoryMessageBroker, MessageBus
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.unit.worker.world import until


@dataclass
class Rig:
    """A broker, and what it says of itself."""

    broker: MessageBroker
    metrics: MemoryMetrics


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    supervisor, metrics = AsyncioTaskSupervisor(cancel_grace=0.5), MemoryMetrics()
    bus = MessageBus(supervisor=supervisor, log=MemoryLog, metrics=lambda: metrics)
    await bus.start()
    yield Rig(MemoryMessageBroker(bus), metrics)
    await bus.stop()
    await supervisor.drain(1)


def message(type_: str = "notification.accepted", number: int = 0) -> Message:
    return Message(
        id=uuid4(),
        type=type_,
        schema_version=1,
        tenant_id="default",
        key=f"notification:{number % 3}",
        position=number,
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        data={"number": number},
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )


class Inbox:
    """A handler that keeps what it gets."""

    def __init__(self, failures: int = 0) -> None:
        self.got: list[Message] = []
        self.tries = 0
        self._failures = failures

    async def __call__(self, received: Message) -> None:
        self.tries += 1
        if self._failures:
            self._failures -= 1
            raise RuntimeError("planted")
        self.got.append(received)


async def test_the_envelope_arrives_as_it_was_published(rig: Rig) -> None:
    inbox = Inbox()
    rig.broker.subscribe("**", inbox)
    sent = message()
    await rig.broker.publish_batch([sent])
    await until(lambda: inbox.got)

    assert inbox.got == [sent]


async def test_messages_come_in_their_order_and_one_at_a_time(rig: Rig) -> None:
    got: list[int] = []
    inside = 0

    async def handle(received: Message) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.sleep(0)
        got.append(received.position)
        inside -= 1

    rig.broker.subscribe("**", handle)
    for start in range(0, 100, 10):
        await rig.broker.publish_batch([message(number=number) for number in range(start, start + 10)])
    await until(lambda: len(got) == 100)

    assert got == list(range(100))


async def test_each_gets_what_fits_its_pattern(rig: Rig) -> None:
    notifications, everything, subscribers = Inbox(), Inbox(), Inbox()
    rig.broker.subscribe("notification.*", notifications)
    rig.broker.subscribe("**", everything)
    rig.broker.subscribe("subscriber.deleted", subscribers)
    await rig.broker.publish_batch([message("notification.accepted"), message("subscriber.deleted")])
    await until(lambda: len(everything.got) == 2)

    assert [each.type for each in notifications.got] == ["notification.accepted"]
    assert [each.type for each in subscribers.got] == ["subscriber.deleted"]


async def test_a_handler_is_called_again_when_it_failed_and_the_others_do_not_notice(rig: Rig) -> None:
    flaky, steady = Inbox(failures=2), Inbox()
    rig.broker.subscribe("**", flaky)
    rig.broker.subscribe("**", steady)
    await rig.broker.publish_batch([message(), message()])
    await until(lambda: len(steady.got) == 2)
    await until(lambda: len(flaky.got) == 2)

    assert flaky.tries == 4


async def test_the_next_message_comes_when_one_failed_for_good(rig: Rig) -> None:
    inbox = Inbox(failures=3)
    rig.broker.subscribe("**", inbox)
    await rig.broker.publish_batch([message(number=1), message(number=2)])
    await until(lambda: inbox.got)

    assert [each.position for each in inbox.got] == [2]
    assert rig.metrics.count("message_broker_dropped_total", type="notification.accepted") == 1


async def test_nothing_of_a_batch_is_taken_when_there_is_no_room_for_all(rig: Rig) -> None:
    go, got = asyncio.Event(), list[int]()

    async def slow(received: Message) -> None:
        await go.wait()
        got.append(received.position)

    quick = Inbox()
    rig.broker.subscribe("**", slow)
    rig.broker.subscribe("**", quick)
    batch = [message(number=number) for number in range(MOST_WAITING - 10)]
    await rig.broker.publish_batch(batch)
    await until(lambda: len(quick.got) == len(batch))
    with pytest.raises(Unavailable):
        await rig.broker.publish_batch([message(number=number) for number in range(20)])
    assert len(quick.got) == len(batch)

    go.set()
    await until(lambda: len(got) == len(batch))
    await rig.broker.publish_batch([message(number=-1)])
    await until(lambda: got[-1] == -1)


async def test_it_receives_no_more_when_it_is_cancelled_and_ends_what_it_has_in_hand(rig: Rig) -> None:
    go, ended = asyncio.Event(), list[int]()

    async def handle(received: Message) -> None:
        await go.wait()
        ended.append(received.position)

    busy: Subscription = rig.broker.subscribe("**", handle)
    idle = Inbox()
    idling = rig.broker.subscribe("**", idle)
    await idling.cancel()
    await rig.broker.publish_batch([message(number=1)])
    await asyncio.sleep(0.01)
    await busy.cancel()
    await busy.cancel()
    await rig.broker.publish_batch([message(number=2)])
    go.set()
    await until(lambda: ended)
    await asyncio.sleep(0.01)

    assert ended == [1]
    assert idle.got == []


async def test_what_is_wanted_is_told_when_somebody_subscribes_and_until_the_last_one_cancels(rig: Rig) -> None:
    assert set(rig.broker.wanted) == set()
    first = rig.broker.subscribe("delivery.*", Inbox())
    second = rig.broker.subscribe("delivery.*", Inbox())
    rig.broker.subscribe("**", Inbox())
    assert set(rig.broker.wanted) == {"delivery.*", "**"}
    await first.cancel()
    assert set(rig.broker.wanted) == {"delivery.*", "**"}
    await second.cancel()

    assert set(rig.broker.wanted) == {"**"}


async def test_a_message_comes_to_who_subscribed_before_it_was_published_when_others_come_later(rig: Rig) -> None:
    early, late = Inbox(), Inbox()
    rig.broker.subscribe("**", early)
    await rig.broker.publish_batch([message(number=1)])
    rig.broker.subscribe("**", late)
    await rig.broker.publish_batch([message(number=2)])
    await until(lambda: len(early.got) == 2)
    await until(lambda: late.got)

    assert [each.position for each in late.got] == [2]


async def test_publishing_succeeds_when_nobody_listens(rig: Rig) -> None:
    await rig.broker.publish_batch([message()])
    await rig.broker.publish_batch([])


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("user.created", "user.created", True),
        ("user.created", "user.deleted", False),
        ("user.*", "user.created", True),
        ("user.*", "user", False),
        ("user.*", "user.address.changed", False),
        ("*.created", "user.created", True),
        ("user.**", "user", True),
        ("user.**", "user.address.changed", True),
        ("**", "anything.at.all", True),
        ("**.changed", "user.address.changed", True),
        ("**.changed", "user.address.removed", False),
        ("user.**.changed", "user.changed", True),
        ("u*", "user", False),
    ],
)
def test_patterns_fit_by_segments(pattern: str, topic: str, expected: bool) -> None:
    assert fits(pattern, topic) is expected
