"""One delivery, one round."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from application.jobs.cancellation import being_cancelled
from application.jobs.storable_text import storable
from application.notifications.breaker_names import breaker_name
from application.notifications.parcel import Parcel
from application.ports.circuit_breaker import CircuitBreaker
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.notification_channel import (
    ChannelProvider,
    NotificationChannel,
    OutboundMessage,
    SendReport,
)
from application.shared import log_events
from domain.notifications.attempt import Attempt, AttemptOutcome
from domain.notifications.channel import SERVES_EVERY_POINT, TOLERATES_DUPLICATES, Channel
from domain.notifications.rounds import Step, after_attempt, is_wanted, round_step

# Breakers judge the provider: what the recipient does wrong, or a limit that passes, says nothing about it.
_PROVIDER_FAILURES = frozenset({AttemptOutcome.RETRYABLE, AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.AMBIGUOUS})
# Beyond the longest deadline that a provider can be given: this one is for drivers that forget theirs.
LONGEST_ASK = 130.0
LONGEST_DETAIL = 4_000
LONGEST_CODE = 64
LONGEST_MESSAGE_ID = 255


@dataclass(slots=True)
class Round:
    """What one round came to so far, `steps` by kind of contact point; `error_code` and `gone` are of the last report.

    `dead` holds, by kind, the devices that do not exist any more.
    """

    attempts: list[Attempt] = field(default_factory=list)
    steps: dict[str | None, Step] = field(default_factory=dict)
    retry_after: float | None = None
    step: Step = Step.NOBODY_ASKED
    error_code: str | None = None
    gone: bool = False
    dead: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, point: str | None, report: SendReport, *, tolerates_duplicates: bool) -> None:
        """What a provider that speaks to `point` came to."""
        self.steps[point] = after_attempt(report.outcome, tolerates_duplicates=tolerates_duplicates)
        self.error_code = _clean(report.error_code, LONGEST_CODE)
        self.gone = report.gone
        if report.retry_after is not None:
            self.retry_after = max(self.retry_after or 0.0, report.retry_after)
        if point is not None and report.dead:
            self.dead[point] = self.dead.get(point, frozenset()) | frozenset(report.dead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Runs one delivery through one round of its channel's providers."""

    channels: Mapping[Channel, NotificationChannel]
    breaker: CircuitBreaker
    clock: Clock
    ids: Ids
    log: Log

    async def run_round(self, parcel: Parcel, message: OutboundMessage) -> Round:
        """Ask each provider once, in order, until one answers for good; in push for each kind of device.

        Skipped are those whose breaker is open, and those for whose kind the recipient has no contact point. A
        provider that breaks its contract, by raising or by never answering, has given an ambiguous answer.
        """
        providers = self.channels[message.channel].providers
        if not providers:
            return Round(step=Step.FINISH_FAILED, error_code="no_provider")
        round_ = Round()
        for provider in providers:
            point = provider.point
            if point is not None and point not in message.address:
                continue
            if not is_wanted(point, round_.steps, every_point=message.channel in SERVES_EVERY_POINT):
                continue
            if not self.breaker.allows(breaker_name(provider, message)):
                round_.steps.setdefault(point, Step.NOBODY_ASKED)
                continue
            report = await self._attempt(parcel, message, provider, round_)
            round_.take(point, report, tolerates_duplicates=message.channel in TOLERATES_DUPLICATES)
        round_.step = round_step(round_.steps)
        return round_

    async def _attempt(
        self, parcel: Parcel, message: OutboundMessage, provider: ChannelProvider, round_: Round
    ) -> SendReport:
        started, began = self.clock.now(), time.monotonic()
        report = await self._ask(provider, message)
        self._tell(parcel, provider, report, time.monotonic() - began)
        self.breaker.record(breaker_name(provider, message), report.outcome not in _PROVIDER_FAILURES)
        round_.attempts.append(
            Attempt(
                id=self.ids.new(),
                delivery_id=message.delivery_id,
                round=parcel.delivery.rounds + 1,
                provider=provider.name,
                outcome=report.outcome,
                started_at=started,
                finished_at=self.clock.now(),
                status_code=report.status_code,
                error_code=_clean(report.error_code, LONGEST_CODE),
                detail=_clean(report.detail, LONGEST_DETAIL),
                provider_message_id=_clean(report.message_id, LONGEST_MESSAGE_ID),
            )
        )
        return report

    def _tell(self, parcel: Parcel, provider: ChannelProvider, report: SendReport, seconds: float) -> None:
        self.log.info(
            log_events.DELIVERY_ATTEMPT,
            **parcel.log_fields,
            provider=provider.name,
            outcome=report.outcome.value,
            duration_ms=round(seconds * 1000, 1),
            status_code=report.status_code,
            error_code=_clean(report.error_code, LONGEST_CODE),
        )

    async def _ask(self, provider: ChannelProvider, message: OutboundMessage) -> SendReport:
        try:
            async with asyncio.timeout(LONGEST_ASK):
                return await provider.send(message)
        except asyncio.CancelledError:
            if being_cancelled():
                raise
            self.log.error("provider.broke_off", provider=provider.name)
            return SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code="provider.broke_off")
        except Exception as error:
            self.log.exception("provider.crashed", error, provider=provider.name)
            return SendReport(
                outcome=AttemptOutcome.AMBIGUOUS, error_code="provider.crashed", detail=type(error).__name__
            )


def _clean(text: str | None, longest: int) -> str | None:
    return None if text is None else storable(text, longest)
