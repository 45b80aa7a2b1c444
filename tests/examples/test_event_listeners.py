"""Hearing of what was committed: a listener of one's own, told by the relay of whatever runs here."""

import asyncio

from dependency_injector import providers

from application.ports.event_relay import SealedEvent
from application.relay.event_consumers import EventListener
from container import Container
from domain.notifications.channel import Channel
from infrastructure.memory.recording_channel import RecordingChannel
from tests.examples.serving import serving

HELLO = {"to": ["ann"], "content": {"title": "Hello"}}


async def test_listener_hears_of_a_notification_when_it_was_accepted(container: Container) -> None:
    async def hear(event: SealedEvent) -> None:
        heard.set_result(event)

    heard: asyncio.Future[SealedEvent] = asyncio.get_running_loop().create_future()
    mine = EventListener(name="my.listener", pattern="notification.accepted", handler=lambda: hear)
    async with serving(container) as client:
        with container.listeners.override(providers.Object((mine,))):
            answer = await client.post("/api/v1/notifications", json=HELLO)
            event = await asyncio.wait_for(heard, 5)

    assert event.aggregate_id == f"notification:{answer.json()['data']['id']}"
    assert event.data["transaction_id"] == answer.json()["data"]["transactionId"]


async def test_listener_hears_what_became_of_each_delivery_when_it_asks_for_that(container: Container) -> None:
    """Such events are written only for somebody: within two seconds every process knows of a new listener."""

    async def hear(event: SealedEvent) -> None:
        if event.data["channel"] == "email":
            heard.set_result(event)

    heard: asyncio.Future[SealedEvent] = asyncio.get_running_loop().create_future()
    mine = EventListener(name="my.listener", pattern="delivery.*", handler=lambda: hear)
    mail = {
        "to": [{"subscriberId": "ann", "email": "ann@example.com"}],
        "channels": ["email"],
        "content": {"title": "Hi"},
    }
    fake = RecordingChannel(Channel.EMAIL)
    with (
        container.email_channel.override(providers.Object(fake)),
        container.listeners.override(providers.Object((mine,))),
    ):
        async with serving(container) as client:
            async with asyncio.timeout(5):
                while not container.event_interest().wants("delivery.sent"):
                    await client.post("/api/v1/notifications", json=HELLO)
            await client.post("/api/v1/notifications", json=mail)
            event = await asyncio.wait_for(heard, 5)

    assert (event.type, event.data["subscriber_id"]) == ("delivery.sent", "ann")
