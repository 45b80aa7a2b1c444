"""What every provider of every channel keeps, whatever it speaks."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel

DEADLINE = 1.5
"""The provider's own total deadline in these tests, seconds."""


class CannotBeStaged(Exception):
    """The counterpart of this provider cannot behave so"""


class Rig(Protocol):
    """One provider with its counterpart, whose next answer can be staged. What is not staged is accepted."""

    provider: ChannelProvider
    channel: Channel
    address: dict[str, JsonValue]
    secret: str
    """A secret the provider knows; `refuse_recipient` makes the counterpart repeat it."""

    def effects(self) -> Sequence[UUID]:
        """The delivery ids of what reached the recipient, repeats included unless they replace."""
        ...

    def refuse_recipient(self) -> None: ...
    def fail_for_now(self) -> None: ...
    def throttle(self) -> None: ...
    def hang(self) -> None: ...
    def vanish_after_reading(self) -> None: ...

    async def hanging(self) -> None:
        """Returns once the counterpart hangs."""
        ...


def message_for(rig: Rig) -> OutboundMessage:
    return OutboundMessage(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        tenant_id="default",
        subscriber_id="u1",
        channel=rig.channel,
        address=rig.address,
        title="Shipped",
        body="Your order is on its way",
        created_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    )


class ChannelProviderContract:
    """Subclass it and give a fixture `rig`."""

    async def test_has_a_name(self, rig: Rig) -> None:
        assert rig.provider.name == "under-test"

    async def test_reaches_the_recipient_once_when_accepted(self, rig: Rig) -> None:
        message = message_for(rig)
        report = await rig.provider.send(message)
        assert report.outcome is AttemptOutcome.OK
        assert report.error_code is None
        assert list(rig.effects()) == [message.delivery_id]

    async def test_a_repeat_carries_the_same_delivery_id(self, rig: Rig) -> None:
        message = message_for(rig)
        for _ in range(2):
            assert (await rig.provider.send(message)).outcome is AttemptOutcome.OK
        assert set(rig.effects()) == {message.delivery_id}

    async def test_twenty_sends_at_once_all_arrive(self, rig: Rig) -> None:
        messages = [message_for(rig) for _ in range(20)]
        reports = await asyncio.gather(*(rig.provider.send(message) for message in messages))
        assert {report.outcome for report in reports} == {AttemptOutcome.OK}
        assert sorted(rig.effects()) == sorted(message.delivery_id for message in messages)

    async def test_ends_the_delivery_when_the_recipient_is_refused(self, rig: Rig) -> None:
        report = await self._staged(rig, rig.refuse_recipient)
        assert report.outcome is AttemptOutcome.RECIPIENT_PERMANENT
        assert not rig.effects()
        assert_recordable(report)

    async def test_a_later_send_works_when_one_failed(self, rig: Rig) -> None:
        report = await self._staged(rig, rig.fail_for_now)
        assert report.outcome is AttemptOutcome.RETRYABLE
        assert_recordable(report)
        assert (await rig.provider.send(message_for(rig))).outcome is AttemptOutcome.OK

    async def test_says_throttled_when_there_was_too_much(self, rig: Rig) -> None:
        report = await self._staged(rig, rig.throttle)
        assert report.outcome is AttemptOutcome.THROTTLED
        assert_recordable(report)

    async def test_answers_within_its_deadline_when_the_counterpart_hangs(self, rig: Rig) -> None:
        started = time.monotonic()
        report = await self._staged(rig, rig.hang)
        assert report.outcome in {AttemptOutcome.AMBIGUOUS, AttemptOutcome.RETRYABLE}
        assert time.monotonic() - started < DEADLINE + 1.5
        assert_recordable(report)

    async def test_is_ambiguous_when_the_counterpart_vanishes_after_reading(self, rig: Rig) -> None:
        report = await self._staged(rig, rig.vanish_after_reading)
        assert report.outcome is AttemptOutcome.AMBIGUOUS
        assert_recordable(report)

    async def test_secrets_stay_out_when_the_counterpart_repeats_them(self, rig: Rig) -> None:
        report = await self._staged(rig, rig.refuse_recipient)
        assert rig.secret not in repr(report)

    async def test_a_cancelled_send_leaves_the_provider_usable(self, rig: Rig) -> None:
        self._stage(rig.hang)
        sending = asyncio.create_task(rig.provider.send(message_for(rig)))
        await rig.hanging()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        message = message_for(rig)
        assert (await rig.provider.send(message)).outcome is AttemptOutcome.OK
        assert message.delivery_id in rig.effects()

    async def test_ends_the_delivery_when_there_is_no_address(self, rig: Rig) -> None:
        if not rig.address:
            pytest.skip("needs no address")
        report = await rig.provider.send(replace(message_for(rig), address={}))
        assert report.outcome is AttemptOutcome.RECIPIENT_PERMANENT
        assert not rig.effects()

    async def test_hostile_text_neither_raises_nor_is_lost(self, rig: Rig) -> None:
        title = "=?UTF-8?Q?=0A?=Bcc: x\r\nBcc: y\x00\u202e" + "é" * 3_000
        message = replace(message_for(rig), title=title, body=".\r\n.\r\nMAIL FROM:<x@y>\n\x00" + "z" * 100_000)
        assert (await rig.provider.send(message)).outcome is AttemptOutcome.OK
        assert list(rig.effects()) == [message.delivery_id]

    async def _staged(self, rig: Rig, stage: "Stage") -> SendReport:
        self._stage(stage)
        return await rig.provider.send(message_for(rig))

    @staticmethod
    def _stage(stage: "Stage") -> None:
        try:
            stage()
        except CannotBeStaged as reason:
            pytest.skip(f"the counterpart cannot do this: {reason}")


class Stage(Protocol):
    def __call__(self) -> None: ...


def assert_recordable(report: SendReport) -> None:
    """An attempt can be stored with it: a dotted code, and words that fit a text column and a log line."""
    assert report.error_code is not None
    assert "." in report.error_code
    detail = report.detail or ""
    assert len(detail.encode("utf-8")) <= 4_096
    assert detail.isprintable()
