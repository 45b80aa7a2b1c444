"""Writing results in bulk."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from application.notifications.endpoint_findings import (
    DisabledEndpoint,
    Finding,
    RemovedDevices,
    note_findings,
)
from application.ports.delivery_queue import DeliveryResult
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared import log_events
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.shared.errors import Unavailable

# While the store is away results wait here and their leases are prolonged; senders then wait for a place.
MAX_WAITING = 1_000
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Waiting:
    channel: Channel
    result: DeliveryResult
    written: asyncio.Future[bool]
    finding: Finding | None = None


class OutcomeRecorder:
    """Gathers results and writes them together: `flush_rows` of them, or whatever came within `flush_seconds`."""

    def __init__(
        self,
        *,
        unit_of_work: Callable[[], SystemUnitOfWork],
        scope: SystemScope,
        flush_rows: int,
        flush_seconds: float,
        log: Callable[[], Log],
        metrics: Callable[[], Metrics],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._scope = scope
        self._flush_rows = flush_rows
        self._flush_seconds = flush_seconds
        self._log = log
        self._metrics = metrics
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=MAX_WAITING)

    async def record(self, channel: Channel, result: DeliveryResult, finding: Finding | None = None) -> bool:
        """Return once the result is durable; False when its lease was lost, and nothing is written.

        A result that was handed over is written also when the caller is cancelled meanwhile. What was found out about
        endpoint or devices is written after it, if that can be: else the next round finds it again.
        """
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        await self._waiting.put(_Waiting(channel, result, written, finding))
        return await written

    async def settled(self) -> None:
        """Wait until nothing is left to write."""
        await self._waiting.join()

    async def run(self) -> None:
        """Flush until cancelled. While the store is away a flush is tried again, and what comes meanwhile waits."""
        while True:
            batch = await self._next_batch()
            try:
                await self._write(batch)
            finally:
                for _ in batch:
                    self._waiting.task_done()

    async def _next_batch(self) -> list[_Waiting]:
        batch = [await self._waiting.get()]
        deadline = asyncio.get_running_loop().time() + self._flush_seconds
        while len(batch) < self._flush_rows:
            # A timer for each result would cost more than to take it.
            if not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
                continue
            try:
                async with asyncio.timeout_at(deadline):
                    batch.append(await self._waiting.get())
            except TimeoutError:
                break
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write all, or else find the one that the store refuses and write the others."""
        try:
            await self._flush(batch)
        except Exception as error:  # noqa: BLE001 - one result must not stop the others
            if len(batch) > 1:
                for one in batch:
                    await self._write([one])
            elif batch[0].result.attempts:
                self._log().exception("deliveries.attempts_refused", error, **_ids(batch[0].result))
                await self._write([replace(batch[0], result=replace(batch[0].result, attempts=()))])
            elif not batch[0].written.done():
                batch[0].written.set_exception(error)

    async def _flush(self, batch: Sequence[_Waiting]) -> None:
        lost = await self._recorded([one.result for one in batch])
        self._count([one for one in batch if one.result.delivery_id not in lost])
        for one in batch:
            if one.result.delivery_id in lost:
                self._tell_lost(one.result)
            if not one.written.done():
                one.written.set_result(one.result.delivery_id not in lost)
        await self._note(
            [one.finding for one in batch if one.finding is not None and one.result.delivery_id not in lost]
        )

    async def _note(self, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        try:
            async with self._unit_of_work() as uow:
                noted = await note_findings(uow, findings)
                await uow.commit()
        except Exception as error:  # noqa: BLE001 - results are recorded already, and must not be written twice
            self._log().exception("endpoints.note_failed", error, findings=len(findings))
            return
        for each in noted:
            self._tell_noted(each)

    def _tell_noted(self, noted: DisabledEndpoint | RemovedDevices) -> None:
        whose = {"tenant_id": noted.tenant_id, "subscriber_id": noted.subscriber_id}
        if isinstance(noted, DisabledEndpoint):
            self._metrics().increment("endpoints_disabled_total", reason=noted.reason)
            self._log().warning(log_events.ENDPOINT_DISABLED, **whose, reason=noted.reason)
        else:
            self._log().info(log_events.DEVICES_REMOVED, **whose, kinds=", ".join(noted.kinds))

    async def _recorded(self, results: Sequence[DeliveryResult]) -> set[UUID]:
        """Those whose lease was lost, as soon as the store is there to say so."""
        while True:
            try:
                async with self._unit_of_work() as uow:
                    lost = await uow.delivery_queue.record(self._scope, results)
                    await uow.commit()
            except Unavailable as error:
                self._log().exception("deliveries.record_failed", error, results=len(results))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return lost

    def _tell_lost(self, result: DeliveryResult) -> None:
        self._metrics().increment("lease_lost_total", kind="deliveries")
        self._log().warning("lease.lost", kind="deliveries", row_id=str(result.delivery_id))

    def _count(self, written: Sequence[_Waiting]) -> None:
        attempts = Counter(
            (one.channel, attempt.provider, attempt.outcome) for one in written for attempt in one.result.attempts
        )
        for (channel, provider, outcome), number in attempts.items():
            self._metrics().increment(
                "delivery_attempts_total",
                number,
                channel=channel.value,
                provider=provider or "",
                outcome=outcome.value,
            )


def _ids(result: DeliveryResult) -> dict[str, object]:
    return {"delivery_id": str(result.delivery_id), "notification_id": str(result.notification_id)}
