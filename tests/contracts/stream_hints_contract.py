"""What every way of passing stream hints promises."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from application.ports.stream_hints import StreamHint, StreamHints

HINT = StreamHint(
    stream_id=UUID(int=1), epoch=1, seq=2, unread=3, unseen=4, kind="notification_received", data=b'{"id":"a"}'
)


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.heard: list[list[StreamHint] | None] = []

    async def __call__(self, hints: Sequence[StreamHint] | None) -> None:
        self.heard.append(None if hints is None else list(hints))


class StreamHintsContract:
    """Subclasses give the fixture `hints`."""

    async def test_own_hints_are_heard_whole_before_publishing_returns(self, hints: StreamHints) -> None:
        ear = Ear()
        hints.listen(ear)

        await hints.publish([HINT, HINT])

        assert ear.heard == [[HINT, HINT]]

    async def test_the_listener_is_not_called_when_there_is_nothing_to_say(self, hints: StreamHints) -> None:
        ear = Ear()
        hints.listen(ear)

        await hints.publish([])

        assert ear.heard == []

    async def test_publishing_goes_on_when_nobody_listens(self, hints: StreamHints) -> None:
        await hints.publish([HINT])

    async def test_publishing_goes_on_when_the_listener_fails(self, hints: StreamHints) -> None:
        async def fail(_: object) -> None:
            raise LookupError("planted")

        hints.listen(fail)
        await hints.publish([HINT])

    async def test_only_the_last_is_called_when_a_process_names_two_listeners(self, hints: StreamHints) -> None:
        first, last = Ear(), Ear()
        hints.listen(first)
        hints.listen(last)

        await hints.publish([HINT])

        assert (first.heard, last.heard) == ([], [[HINT]])


class SharedStreamHintsContract(StreamHintsContract):
    """For those that reach other processes; `others` is another process's end of the same channel."""

    async def test_another_process_learns_that_something_moved(self, hints: StreamHints, others: StreamHints) -> None:
        own, other = Ear(), Ear()
        hints.listen(own)
        others.listen(other)

        await hints.publish([HINT])

        await heard(other, 1)
        assert other.heard[0] in (None, [HINT])
        assert own.heard == [[HINT]]

    async def test_both_learn_of_each_other_when_both_publish(self, hints: StreamHints, others: StreamHints) -> None:
        own, other = Ear(), Ear()
        hints.listen(own)
        others.listen(other)

        await hints.publish([HINT])
        await others.publish([HINT])

        await heard(own, 2)
        await heard(other, 2)


async def heard(ear: Ear, count: int) -> None:
    """Wait until an ear has heard so much; more fails the test."""
    async with asyncio.timeout(2):
        while len(ear.heard) < count:  # noqa: ASYNC110 - an ear counts, nothing else
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.12)
    if len(ear.heard) > count:
        pytest.fail(f"heard {len(ear.heard)} times instead of {count}")
