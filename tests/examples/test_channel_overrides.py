"""A channel of one's own in place of one that reaches people: what a test sees of it at every door."""

from dependency_injector import providers

from application.ports.notification_channel import SendReport
from container import Container
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.memory.recording_channel import RecordingChannel
from tests.examples.polling import eventually
from tests.examples.serving import as_subscriber, next_named, serving, stream_of

ANN = {"subscriberId": "ann", "email": "ann@example.com", "phone": "+491701234567"}
MAIL = {"to": [ANN], "channels": ["email"], "content": {"title": "Hello", "body": "It works."}}


async def test_worker_sends_through_the_stand_in_when_it_runs_already(container: Container) -> None:
    fake = RecordingChannel(Channel.EMAIL)
    async with serving(container) as client:
        with container.email_channel.override(providers.Object(fake)):
            await client.post("/api/v1/notifications", json=MAIL)
            [message] = await fake.wait_for(1)
    assert (message.address["email"], message.title, message.body) == ("ann@example.com", "Hello", "It works.")


async def test_http_tells_each_try_when_the_first_provider_refuses(container: Container) -> None:
    refused = SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code="quota")
    fake = RecordingChannel(Channel.EMAIL, providers={"first": [refused], "second": []})
    async with serving(container) as client:
        with container.email_channel.override(providers.Object(fake)):
            sent = await client.post("/api/v1/notifications", json=MAIL)
            path = f"/api/v1/notifications/{sent.json()['data']['id']}/deliveries"
            [delivery] = await eventually(lambda: client.get(path), lambda found: found[0]["status"] == "sent")
    tries = [(attempt["provider"], attempt["outcome"]) for attempt in delivery["attempts"]]
    assert tries == [("first", "provider_permanent"), ("second", "ok")]


async def test_stream_goes_on_when_the_other_channels_reach_nobody(container: Container) -> None:
    mail, text = RecordingChannel(Channel.EMAIL), RecordingChannel(Channel.SMS)
    everywhere = {**MAIL, "channels": ["in_app", "email", "sms"]}
    async with serving(container) as client, stream_of(client, await as_subscriber(client, "ann")) as events:
        with (
            container.email_channel.override(providers.Object(mail)),
            container.sms_channel.override(providers.Object(text)),
        ):
            await client.post("/api/v1/notifications", json=everywhere)
            item = await next_named(events, "notification_received")
            await mail.wait_for(1)
            await text.wait_for(1)
    assert item["title"] == mail.sent[0].title == text.sent[0].title == "Hello"


async def test_real_channel_is_back_when_the_override_is_over(container: Container) -> None:
    fake = RecordingChannel(Channel.EMAIL)
    async with serving(container) as client:
        with container.email_channel.override(providers.Object(fake)):
            await client.post("/api/v1/notifications", json=MAIL)
            await fake.wait_for(1)
        sent = await client.post("/api/v1/notifications", json=MAIL)
        path = f"/api/v1/notifications/{sent.json()['data']['id']}/deliveries"
        [delivery] = await eventually(lambda: client.get(path), lambda found: found[0]["status"] == "sent")
    assert [attempt["provider"] for attempt in delivery["attempts"]] == ["file"]
    assert len(fake.sent) == 1
    assert [file.suffix for file in container.settings().mail.maildir.rglob("*") if file.is_file()] == [".eml"]
