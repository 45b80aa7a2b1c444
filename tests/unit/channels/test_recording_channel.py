import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.memory.recording_channel import RecordingChannel

REFUSED = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT)
LATER = SendReport(outcome=AttemptOutcome.RETRYABLE)


def message(title: str = "Shipped") -> OutboundMessage:
    return OutboundMessage(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.EMAIL,
        address={"email": "ada@example.com"},
        title=title,
        body="",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


async def test_a_list_of_reports_is_used_up_in_order_then_all_is_well() -> None:
    channel = RecordingChannel(Channel.EMAIL, reports=[LATER, REFUSED])
    (provider,) = channel.providers
    outcomes = [(await provider.send(message())).outcome for _ in range(3)]
    assert outcomes == [LATER.outcome, REFUSED.outcome, AttemptOutcome.OK]
    assert len(channel.sent) == 3
    assert len(channel.accepted) == 1
    assert channel.kind is Channel.EMAIL


async def test_a_function_decides_by_message() -> None:
    channel = RecordingChannel(Channel.EMAIL, reports=lambda each: REFUSED if each.title == "no" else LATER)
    (provider,) = channel.providers
    assert await provider.send(message("no")) == REFUSED
    assert await provider.send(message("yes")) == LATER


async def test_several_providers_have_scripts_of_their_own() -> None:
    channel = RecordingChannel(Channel.EMAIL, providers={"smtp-a": [LATER], "smtp-b": []})
    for provider in channel.providers:
        await provider.send(message())
    assert [(each.provider, each.report.outcome) for each in channel.tries] == [
        ("smtp-a", AttemptOutcome.RETRYABLE),
        ("smtp-b", AttemptOutcome.OK),
    ]


async def test_wait_for_returns_when_enough_has_come() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    (provider,) = channel.providers
    waiting = asyncio.create_task(channel.wait_for(2))
    await provider.send(message("one"))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await provider.send(message("two"))
    assert [each.title for each in await waiting] == ["one", "two"]


async def test_wait_for_says_how_many_came_when_it_gives_up() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    with pytest.raises(TimeoutError, match="0 of 1 messages reached the email channel"):
        await channel.wait_for(1, timeout=0.01)


async def test_only_the_newest_tries_are_kept() -> None:
    channel = RecordingChannel(Channel.EMAIL, limit=2)
    (provider,) = channel.providers
    for title in "abc":
        await provider.send(message(title))
    assert [each.title for each in channel.sent] == ["b", "c"]
    assert len(await channel.wait_for(3)) == 2
    channel.clear()
    assert not channel.sent
