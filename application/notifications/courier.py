"""One delivery, one round."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from application.jobs.cancellation import being_cancelled
from application.jobs.storable_text import storable
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
from domain.notifications.channel import TOLERATES_DUPLICATES, Channel
from domain.notifications.rounds import Step, after_attempt

# Breakers judge the provider: what the recipient does wrong, or a limit that passes, says nothing about it.
_PROVIDER_FAILURES = frozenset({AttemptOutcome.RETRYABLE, AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.AMBIGUOUS})
# Beyond the longest deadline that a provider can be given: this one is for drivers that forget theirs.
LONGEST_ASK = 130.0
LONGEST_DETAIL = 4_000
LONGEST_CODE = 64


@dataclass(slots=True)
class Round:
    """What one round came to so far; `step` and `gone` are of the last report."""

    attempts: list[Attempt] = field(default_factory=list)
    retry_after: float | None = None
    step: Step = Step.NOBODY_ASKED
    error_code: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Runs one delivery through one round of its channel's providers."""

    channels: Mapping[Channel, NotificationChannel]
    breaker: CircuitBreaker
    clock: Clock
    ids: Ids
    log: Log

    async def run_round(self, parcel: Parcel, message: OutboundMessage) -> Round:
        """Ask each provider once, in order, skipping those whose breaker is open, until one answers for good.

        A provider that breaks its contract, by raising or by never answering, has given an ambiguous answer.
        """
        providers = self.channels[message.channel].providers
        if not providers:
            return Round(step=Step.FINISH_FAILED, error_code="no_provider")
        round_ = Round()
        for provider in providers:
            if not self.breaker.allows(_breaker_name(provider, message)):
                continue
            report = await self._attempt(parcel, message, provider, round_)
            round_.step = after_attempt(report.outcome, tolerates_duplicates=message.channel in TOLERATES_DUPLICATES)
            round_.error_code = _clean(report.error_code, LONGEST_CODE)
            round_.gone = report.gone
            if report.retry_after is not None:
                round_.retry_after = max(round_.retry_after or 0.0, report.retry_after)
            if round_.step is not Step.NEXT_PROVIDER:
                break
        return round_

    async def _attempt(
        self, parcel: Parcel, message: OutboundMessage, provider: ChannelProvider, round_: Round
    ) -> SendReport:
        started, began = self.clock.now(), time.monotonic()
        report = await self._ask(provider, message)
        self._tell(parcel, provider, report, time.monotonic() - began)
        self.breaker.record(_breaker_name(provider, message), report.outcome not in _PROVIDER_FAILURES)
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


def _breaker_name(provider: ChannelProvider, message: OutboundMessage) -> str:
    """A webhook's provider is the receiver's own server: one that is down must not shut out all others."""
    if message.channel is not Channel.WEBHOOK:
        return provider.name
    return f"{provider.name} {urlsplit(message.address.get('url', '')).netloc.rpartition('@')[2].lower()}"


def _clean(text: str | None, longest: int) -> str | None:
    return None if text is None else storable(text, longest)
