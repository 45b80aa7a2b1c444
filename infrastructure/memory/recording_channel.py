"""A channel for tests, which reaches nobody."""

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from application.ports.notification_channel import ChannelProvider, NotificationChannel, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel

Answer = Callable[[OutboundMessage], SendReport | Awaitable[SendReport]]
Script = Iterable[SendReport] | Answer
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One message handed to one provider, and what that provider answered."""

    provider: str
    message: OutboundMessage
    report: SendReport


class RecordingProvider(ChannelProvider):
    """Hands every message to `record` after it answered from `script`: a list used up in order (then ok) or a function.

    The function may be asynchronous, to hang or to wait for the test.
    """

    def __init__(self, name: str, script: Script, record: Callable[[Try], None]) -> None:
        self._name = name
        self._answer = script if callable(script) else _in_order(script)
        self._record = record

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        answer = self._answer(message)
        report = await answer if inspect.isawaitable(answer) else answer
        self._record(Try(provider=self._name, message=message, report=report))
        return report


class RecordingChannel(NotificationChannel):
    """Bind it in place of a channel to see what a test sends, and to say how the providers answer.

        fake = RecordingChannel(Channel.EMAIL, reports=[SendReport(outcome=AttemptOutcome.RETRYABLE)])
        with container.email_channel.override(providers.Object(fake)): ...
        await fake.wait_for(2)

    `reports` answers for the one provider `recording`; `providers` names several, in the order of a round, each with
    a script of its own. Every try is kept, the newest `limit` of them.
    """

    def __init__(
        self,
        kind: Channel,
        reports: Script = (),
        *,
        providers: Mapping[str, Script] | None = None,
        limit: int = 10_000,
    ) -> None:
        self._kind = kind
        self._tries: deque[Try] = deque(maxlen=limit)
        self._count = 0
        scripts = providers if providers is not None else {"recording": reports}
        self._providers = tuple(RecordingProvider(name, script, self._keep) for name, script in scripts.items())

    @property
    def kind(self) -> Channel:
        return self._kind

    @property
    def providers(self) -> Sequence[ChannelProvider]:
        return self._providers

    @property
    def tries(self) -> Sequence[Try]:
        """What every provider was asked and answered, oldest first."""
        return tuple(self._tries)

    @property
    def sent(self) -> Sequence[OutboundMessage]:
        """Every message that was handed to a provider, whatever the answer; a retry is in it again."""
        return tuple(each.message for each in self._tries)

    @property
    def accepted(self) -> Sequence[OutboundMessage]:
        """The messages that were answered with ok."""
        return tuple(each.message for each in self._tries if each.report.outcome is AttemptOutcome.OK)

    async def wait_for(self, count: int, timeout: float = 5.0) -> Sequence[OutboundMessage]:
        """`sent`, once `count` messages were handed over (since `clear`); TimeoutError after `timeout` seconds.

        Looks again and again instead of being woken: the sender may run on another loop in another thread.
        """
        deadline = time.monotonic() + timeout
        while self._count < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._count} of {count} messages reached the {self._kind} channel")
            await asyncio.sleep(_POLL_SECONDS)
        return self.sent

    def clear(self) -> None:
        """Forget every try; scripts go on where they are."""
        self._tries.clear()
        self._count = 0

    def _keep(self, each: Try) -> None:
        self._tries.append(each)
        self._count += 1


def _in_order(reports: Iterable[SendReport]) -> Answer:
    rest = iter(reports)
    return lambda _message: next(rest, SendReport(outcome=AttemptOutcome.OK))
