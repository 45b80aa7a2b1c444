"""Sending what was leased: one round per delivery."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from application.jobs.lease_keeper import LeaseKeeper
from application.notifications.channel_policy import ChannelPolicies
from application.notifications.courier import LONGEST_ASK, Courier, Round
from application.notifications.endpoint_findings import DeadDevices, Finding, finding_of
from application.notifications.outcome_recorder import OutcomeRecorder
from application.notifications.parcel import Parcel
from application.ports.delivery_queue import DeliveryResult
from application.ports.jitter import Jitter
from application.ports.notification_channel import OutboundMessage
from application.ports.trace_context import TraceContext
from application.shared import log_events
from domain.notifications.attempt import Attempt, AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus, DeliveryTrigger, after
from domain.notifications.rounds import UNASKED_PAUSE, Step

# Where a delivery waits for its turn under its lease, when a batch is larger than what may be sent at once.
Place = AbstractAsyncContextManager[object]
# Retries that were spread this much around their schedule do not march in step.
BACKOFF_SPREAD = 0.2
# Each provider of a round may take LONGEST_ASK, and the result has to be recorded under the same lease.
LONGEST_ROUND = 6 * LONGEST_ASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A batch under way: whom to tell that a slot is free, what was cancelled unsent, and where to wait."""

    finished: Callable[[Parcel], None]
    unsent: list[Parcel] = field(default_factory=list)
    place: Callable[[Parcel], Place] = field(default=lambda _parcel: nullcontext())


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverBatch:
    """Send a batch of leased deliveries at once, each through one round, and record every result.

    The result of one does not wait for the others, and `finished` is called for each as soon as it is durable. No
    connection of the store is held while a provider is asked. A delivery whose lease is lost is given up in the middle,
    and nothing is reported of it.
    """

    courier: Courier
    policies: ChannelPolicies
    jitter: Jitter
    trace: TraceContext
    leases: LeaseKeeper
    outcomes: OutcomeRecorder

    async def __call__(self, parcels: Sequence[Parcel], errand: Errand) -> None:
        # Exceptions are collected so that none of them leaves the others running without anybody waiting for them.
        ends = await asyncio.gather(*(self._deliver(parcel, errand) for parcel in parcels), return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _deliver(self, parcel: Parcel, errand: Errand) -> None:
        delivery, token, task = parcel.delivery, parcel.token, asyncio.current_task()
        assert task is not None, "runs in a task of its own"
        self.leases.hold("deliveries", delivery.id, token, seconds=LONGEST_ROUND, lost=task.cancel)
        try:
            with self.trace.resume(
                parcel.trace, delivery_id=str(parcel.log_fields["delivery_id"]), tenant_id=delivery.tenant_id
            ):
                await self._send_and_record(parcel, errand)
        finally:
            self.leases.let_go(delivery.id, token)
        errand.finished(parcel)

    async def _send_and_record(self, parcel: Parcel, errand: Errand) -> None:
        try:
            async with errand.place(parcel):
                started = time.monotonic()
                result, finding = await self._run(parcel)
        except asyncio.CancelledError:
            if self.leases.holds(parcel.delivery.id, parcel.token):
                errand.unsent.append(parcel)
            else:
                # Another worker's by now: its slot is free at once.
                errand.finished(parcel)
            raise
        # From here on it has been sent: cancelled now, it must not be given back as if it had not.
        self.leases.reporting(parcel.delivery.id, parcel.token)
        if await self.outcomes.record(parcel.delivery.channel, result, finding):
            self._tell(parcel, result, time.monotonic() - started)

    async def _run(self, parcel: Parcel) -> tuple[DeliveryResult, Finding | None]:
        if parcel.message is None:
            assert parcel.ending is not None, "a parcel has a message or an ending"
            return self._with(parcel, parcel.ending, rounds=parcel.delivery.rounds, reason=parcel.reason), None
        self.courier.log.debug(log_events.DELIVERY_STARTED, **parcel.log_fields)
        try:
            round_ = await self.courier.run_round(parcel, parcel.message)
        except Exception as error:
            # A mistake of ours ends the round, and the schedule in the end the delivery.
            self.courier.log.exception("worker.round_broke_down", error, **parcel.log_fields)
            round_ = Round(step=Step.END_ROUND, error_code="worker.round_broke_down")
        return self._result(parcel, round_), self._finding(parcel.message, round_)

    def _finding(self, message: OutboundMessage, round_: Round) -> Finding | None:
        if round_.dead:
            return DeadDevices(
                tenant_id=message.tenant_id, subscriber_id=message.subscriber_id, devices=dict(round_.dead)
            )
        if message.channel is not Channel.WEBHOOK or not round_.attempts:
            return None
        return finding_of(
            message.address,
            outcome=round_.attempts[-1].outcome,
            gone=round_.gone,
            tenant_id=message.tenant_id,
            subscriber_id=message.subscriber_id,
            at=self.courier.clock.now(),
        )

    def _result(self, parcel: Parcel, round_: Round) -> DeliveryResult:
        rounds, attempts = parcel.delivery.rounds + 1, round_.attempts
        if round_.step is Step.FINISH_SENT:
            return self._with(parcel, DeliveryTrigger.ACCEPTED, rounds=rounds, attempts=attempts)
        if round_.step is Step.NO_CONTACT_POINT:
            return self._with(
                parcel, DeliveryTrigger.SUPPRESS, rounds=parcel.delivery.rounds, reason=Step.NO_CONTACT_POINT.value
            )
        if round_.step is Step.NOBODY_ASKED and not self._counts_unasked(parcel):
            pause = self.jitter.spread(UNASKED_PAUSE, BACKOFF_SPREAD)
            return self._with(parcel, DeliveryTrigger.ROUND_FAILED, rounds=parcel.delivery.rounds, delay=pause)
        if round_.step is Step.FINISH_FAILED:
            return self._with(
                parcel, DeliveryTrigger.GIVE_UP, rounds=rounds, attempts=attempts, reason=round_.error_code
            )
        delay = self.policies[parcel.delivery.channel].schedule.delay_after(rounds, round_.retry_after)
        if delay is None:
            return self._with(
                parcel, DeliveryTrigger.GIVE_UP, rounds=rounds, attempts=attempts, reason="rounds_exhausted"
            )
        # A provider that names a time is not asked before it.
        spread = self.jitter.spread(delay, BACKOFF_SPREAD) if round_.retry_after is None else delay
        return self._with(parcel, DeliveryTrigger.ROUND_FAILED, rounds=rounds, attempts=attempts, delay=spread)

    def _counts_unasked(self, parcel: Parcel) -> bool:
        age = self.courier.clock.now() - parcel.delivery.created_at
        return self.policies[parcel.delivery.channel].schedule.counts_unasked(age.total_seconds())

    def _with(
        self,
        parcel: Parcel,
        trigger: DeliveryTrigger,
        *,
        rounds: int,
        attempts: Sequence[Attempt] = (),
        reason: str | None = None,
        delay: float | None = None,
    ) -> DeliveryResult:
        delivery = parcel.delivery
        return DeliveryResult(
            delivery_id=delivery.id,
            notification_id=delivery.notification_id,
            tenant_id=delivery.tenant_id,
            token=parcel.token,
            status=after(delivery.status, trigger),
            reason=reason,
            rounds=rounds,
            delay=delay,
            attempts=tuple(attempts),
            finished_at=None if delay is not None else self.courier.clock.now(),
        )

    def _tell(self, parcel: Parcel, result: DeliveryResult, seconds: float) -> None:
        log, fields = self.courier.log, {**parcel.log_fields, "duration_ms": round(seconds * 1000, 1)}
        if result.status is DeliveryStatus.SENT:
            log.info(log_events.DELIVERY_SENT, **fields, provider=_accepted_by(result))
        elif result.rounds == parcel.delivery.rounds and result.status is DeliveryStatus.PENDING:
            log.info(log_events.DELIVERY_POSTPONED, **fields, delay=result.delay)
        elif result.status is DeliveryStatus.PENDING:
            log.warning(log_events.DELIVERY_RETRYING, **fields, error_code=_code(result), delay=result.delay)
        elif result.status is DeliveryStatus.FAILED:
            log.warning(log_events.DELIVERY_FAILED, **fields, error_code=_code(result), reason=result.reason)


def _accepted_by(result: DeliveryResult) -> str | None:
    return next((one.provider for one in result.attempts if one.outcome is AttemptOutcome.OK), None)


def _code(result: DeliveryResult) -> str | None:
    return result.attempts[-1].error_code if result.attempts else result.reason
