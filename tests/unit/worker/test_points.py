"""Channels with several kinds of contact point: push to every device, chat to the first service that takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from application.notifications.breaker_names import breaker_name
from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.json import JsonObject
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.world import World, until

OK = SendReport(outcome=AttemptOutcome.OK, message_id="m-1")
DOWN = SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="x.down")
UNCLEAR = SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code="x.timeout")
LOST = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="x.unregistered", dead=["a"])
DEVICES: Mapping[str, Any] = {
    "push": {"tokens": ["a", "b"]},
    "apns": {"tokens": ["c"]},
    "webpush": {"subscriptions": [{"endpoint": "https://push.example/1"}]},
}
CHATS: Mapping[str, Any] = {"slack": {"channel": "C1"}, "telegram": {"chatId": 7}}


class Pointed(ChannelProvider):
    """A provider that speaks to a kind of contact point."""

    def __init__(self, inner: ChannelProvider, point: str | None) -> None:
        self._inner = inner
        self._point = point

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def point(self) -> str | None:
        return self._point

    async def send(self, message: OutboundMessage) -> SendReport:
        return await self._inner.send(message)


class PointedChannel(RecordingChannel):
    """Its providers are named `<point>` or `<point>-<number>`."""

    @property
    def providers(self) -> Sequence[ChannelProvider]:
        return tuple(Pointed(each, each.name.partition("-")[0]) for each in super().providers)


async def after_one_round(
    kind: Channel, points: JsonObject, **answers: SendReport
) -> tuple[World, Delivery, list[tuple[str | None, str]]]:
    """A delivery to a subscriber with these points, once it has had a round or its end, and whom it asked."""
    scripts = {name.replace("_", "-"): [report] for name, report in answers.items()}
    world = World(PointedChannel(kind, providers=scripts), plan={"slots": {kind: 5}})
    (delivery,) = await world.notify(channel=kind, address=None)
    await give(world, delivery, points)
    async with world.working():
        await until(lambda: world.delivery(delivery).rounds or world.delivery(delivery).finished_at)
    tries = [(each.provider, each.outcome.value) for each in world.attempts(delivery)]
    return world, world.delivery(delivery), tries


async def give(world: World, delivery: Delivery, points: JsonObject) -> None:
    async with world.unit_of_work() as uow:
        found = await uow.subscribers.get_many(delivery.tenant_id, {delivery.target})
        await uow.subscribers.save(replace(found[delivery.target], channels=points))
        await uow.commit()


def stored(world: World, delivery: Delivery) -> JsonObject:
    people = world.database.subscribers.committed.all()
    return next(each for each in people if each.subscriber_id == delivery.target).channels


async def test_every_kind_of_device_is_served_when_there_are_several() -> None:
    _, delivery, tries = await after_one_round(Channel.PUSH, DEVICES, fcm=OK, apns=OK, webpush=OK)

    assert delivery.status is DeliveryStatus.SENT
    assert tries == [("fcm", "ok"), ("apns", "ok"), ("webpush", "ok")]


async def test_failover_stays_within_a_kind_when_one_provider_of_it_has_accepted() -> None:
    _, delivery, tries = await after_one_round(
        Channel.PUSH, DEVICES, fcm=DOWN, fcm_2=OK, fcm_3=OK, apns=UNCLEAR, apns_2=OK
    )

    assert delivery.status is DeliveryStatus.SENT
    assert tries == [("fcm", "retryable"), ("fcm-2", "ok"), ("apns", "ambiguous")]


async def test_push_is_tried_again_when_one_kind_is_lost_and_another_may_come_back() -> None:
    _, delivery, tries = await after_one_round(Channel.PUSH, DEVICES, fcm=LOST, apns=DOWN)

    assert (delivery.status, delivery.rounds) == (DeliveryStatus.PENDING, 1)
    assert tries == [("fcm", "recipient_permanent"), ("apns", "retryable")]


async def test_push_fails_when_every_kind_is_lost() -> None:
    _, delivery, _ = await after_one_round(Channel.PUSH, DEVICES, fcm=LOST, apns=LOST)

    assert (delivery.status, delivery.reason) == (DeliveryStatus.FAILED, "x.unregistered")


async def test_dead_devices_are_taken_off_the_subscriber_when_the_result_is_recorded() -> None:
    world, delivery, _ = await after_one_round(Channel.PUSH, DEVICES, fcm=LOST, apns=OK)

    assert delivery.status is DeliveryStatus.SENT
    assert stored(world, delivery) == {**DEVICES, "push": {"tokens": ["b"]}}
    (line,) = world.log.lines("devices.removed")
    assert (line.fields["subscriber_id"], line.fields["kinds"]) == (delivery.target, "fcm")


async def test_the_providers_name_of_the_message_is_kept_when_it_gave_one() -> None:
    world, delivery, _ = await after_one_round(Channel.CHAT, CHATS, slack=OK)

    assert [each.provider_message_id for each in world.attempts(delivery)] == ["m-1"]


async def test_chat_ends_with_the_first_service_when_it_accepts() -> None:
    _, delivery, tries = await after_one_round(Channel.CHAT, CHATS, slack=OK, telegram=OK)

    assert (delivery.status, tries) == (DeliveryStatus.SENT, [("slack", "ok")])


async def test_chat_goes_on_to_another_service_when_the_first_is_lost() -> None:
    _, delivery, tries = await after_one_round(Channel.CHAT, CHATS, slack=LOST, slack_2=OK, telegram=OK)

    assert (delivery.status, tries) == (DeliveryStatus.SENT, [("slack", "recipient_permanent"), ("telegram", "ok")])


async def test_chat_stops_when_the_first_service_may_have_accepted() -> None:
    _, delivery, tries = await after_one_round(Channel.CHAT, CHATS, slack=UNCLEAR, telegram=OK)

    assert (delivery.status, tries) == (DeliveryStatus.PENDING, [("slack", "ambiguous")])


async def test_services_without_a_contact_point_are_passed_over_when_others_have_one() -> None:
    _, delivery, tries = await after_one_round(Channel.CHAT, {"telegram": {"chatId": 7}}, slack=OK, telegram=OK)

    assert (delivery.status, tries) == (DeliveryStatus.SENT, [("telegram", "ok")])


async def test_delivery_is_suppressed_when_every_provider_is_passed_over() -> None:
    _, delivery, tries = await after_one_round(Channel.CHAT, {"teams": {"channel": "x"}}, slack=OK, telegram=OK)

    assert (delivery.status, delivery.reason, delivery.rounds) == (DeliveryStatus.SUPPRESSED, "no_contact_point", 0)
    assert tries == []


def name_for(point: str | None, address: JsonObject, channel: Channel = Channel.CHAT) -> str:
    (inner,) = RecordingChannel(channel, providers={"p": []}).providers
    message = OutboundMessage.__new__(OutboundMessage)
    object.__setattr__(message, "channel", channel)
    object.__setattr__(message, "address", address)
    return breaker_name(Pointed(inner, point), message)


def test_failures_count_by_host_when_the_recipient_says_where() -> None:
    hook = {"webhookUrl": "https://user:pw@Hooks.example:8443/secret"}
    subscriptions = [
        {"endpoint": "https://b.example/x"},
        {"endpoint": "https://a.example/y"},
        {"endpoint": "https://["},
    ]

    assert name_for("slack", {"slack": hook}) == "p hooks.example:8443"
    assert name_for("slack", {"slack": {"channel": "C1"}, "teams": hook}) == "p"
    assert name_for("webpush", {"webpush": {"subscriptions": subscriptions}}, Channel.PUSH) == "p  a.example b.example"
    assert name_for("apprise", {"apprise": {"url": "Discord://token/secret"}}) == "p discord"
    assert name_for(None, {"url": "https://h.example/x"}, Channel.WEBHOOK) == "p h.example"
    assert name_for("fcm", {"fcm": {"tokens": ["t"]}}, Channel.PUSH) == "p"
