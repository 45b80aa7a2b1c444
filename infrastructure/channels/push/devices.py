"""One message to every device of a subscriber."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Final, TypeVar

from application.ports.notification_channel import JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.provider_words import quoted

_AT_ONCE: Final = 10
_OK: Final = AttemptOutcome.OK
_BEST_FIRST: Final = (
    AttemptOutcome.AMBIGUOUS,
    AttemptOutcome.RETRYABLE,
    AttemptOutcome.THROTTLED,
    AttemptOutcome.PROVIDER_PERMANENT,
    AttemptOutcome.RECIPIENT_PERMANENT,
)
Device = TypeVar("Device")


class Deadline:
    """`seconds` from now, for all that one send does."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._end - monotonic())


def tokens_of(message: OutboundMessage, point: str) -> Sequence[str]:
    """The device tokens of the address, each once; empty when there are none."""
    return tuple(dict.fromkeys(each for each in held(message, point, "tokens") if isinstance(each, str) and each))


def held(message: OutboundMessage, point: str, word: str) -> Sequence[JsonValue]:
    """The list that the address holds for `point` under `word`; empty when it is no list."""
    contact = message.address.get(point)
    found = contact.get(word) if isinstance(contact, Mapping) else None
    return found if isinstance(found, list | tuple) else ()


async def to_each(
    devices: Sequence[Device], send: Callable[[Device], Awaitable[SendReport]], *, tech: str
) -> SendReport:
    """Send to all, ten at once, and sum up: OK when one accepted, else what promises most of another round."""
    if not devices:
        return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"{tech}.no_address")
    rest = iter(devices)
    lines = await asyncio.gather(*(_one_by_one(rest, send) for _ in range(min(_AT_ONCE, len(devices)))))
    return summed_up([report for line in lines for report in line])


async def _one_by_one(rest: Iterator[Device], send: Callable[[Device], Awaitable[SendReport]]) -> Sequence[SendReport]:
    return [await send(device) for device in rest]


def summed_up(reports: Sequence[SendReport]) -> SendReport:
    """`reports` is not empty; `detail` counts the devices by error code when there are several."""
    accepted = [report for report in reports if report.outcome is _OK]
    chosen = accepted[0] if accepted else min(reports, key=lambda report: _BEST_FIRST.index(report.outcome))
    waits = [report.retry_after for report in reports if report.retry_after is not None]
    return replace(
        chosen,
        detail=chosen.detail if len(reports) == 1 else _counted(reports, chosen),
        dead=tuple(device for report in reports for device in report.dead),
        retry_after=None if accepted else max(waits, default=None),
    )


def _counted(reports: Sequence[SendReport], chosen: SendReport) -> str | None:
    words = Counter(report.error_code or "accepted" for report in reports)
    counts = ", ".join(f"{count} {word}" for word, count in sorted(words.items()))
    said = f"; {chosen.detail}" if chosen.detail else ""
    return quoted(f"{len(reports)} devices: {counts}{said}")
