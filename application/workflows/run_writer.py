"""Writing what runs came to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from application.notifications.recipients import InboxEntry, count_of, fill_inboxes
from application.ports.run_queue import RunProgress
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.system_scope import SystemScope
from application.workflows.scene import Advanced
from application.workflows.step_windows import StepWindows
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.workflows.run import RUN_FINAL, Run, RunStatus

# A run under way counts as one delivery that is pending: else its notification would be over before it has begun. One
# that is through counts no more, and one that something ended before counts as that.
_ENDED_AS: Final[Mapping[RunStatus, str]] = {
    RunStatus.CANCELLED: "cancelled",
    RunStatus.EXPIRED: "expired",
    RunStatus.FAILED: "failed",
}
_NOTHING: Final = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWriter:
    """Writes deliveries, inbox items, counts and places of runs whose lease is still ours; of others nothing.

    What a throttle or a digest decides is decided here: the window, the step and the run's place are one transaction.
    """

    scope: SystemScope
    windows: StepWindows

    async def write(self, uow: SystemUnitOfWork, advanced: Sequence[Advanced], now: datetime) -> None:
        """Write them in the caller's transaction."""
        leases = [(each.run.id, each.scene.claimed.token) for each in advanced]
        held = await uow.run_queue.hold(self.scope, leases)
        ours = [each for each in advanced if each.run.id in held]
        if not ours:
            return
        await self.windows.decide(uow, ours, now)
        items = await self._hand_over(uow, ours, now)
        await self._count(uow, ours)
        await uow.run_queue.save(self.scope, [_progress(each, items, now) for each in ours])

    async def _hand_over(self, uow: SystemUnitOfWork, ours: Sequence[Advanced], now: datetime) -> Mapping[UUID, UUID]:
        """The deliveries of all, and the ids of the items that in-app ones became."""
        await uow.deliveries.add_many([handover.delivery for each in ours for handover in each.handovers])
        items: dict[UUID, UUID] = {}
        for notification, group in _by_notification(ours):
            entries = [
                InboxEntry(subscriber=each.scene.subscriber, delivery=handover.delivery, content=handover.content)
                for each in group
                for handover in each.handovers
                if handover.content is not None and each.scene.subscriber is not None
            ]
            if entries:
                items |= await fill_inboxes(uow, notification, entries, now)
        return items

    async def _count(self, uow: SystemUnitOfWork, ours: Sequence[Advanced]) -> None:
        for notification, group in _by_notification(ours):
            deliveries = [handover.delivery for each in group for handover in each.handovers]
            ended = [each.run.status for each in group if each.run.status in RUN_FINAL]
            if deliveries or ended:
                change = counted(ended, count_of(deliveries))
                await uow.notifications.add_tally(notification.tenant_id, notification.id, change)


def _by_notification(ours: Iterable[Advanced]) -> Iterable[tuple[Notification, list[Advanced]]]:
    groups: dict[UUID, list[Advanced]] = defaultdict(list)
    for each in ours:
        groups[each.run.notification_id].append(each)
    for group in groups.values():
        notification = group[0].scene.notification
        if notification is not None:
            yield notification, group


def counted(ended: Iterable[RunStatus], counts: Counts = _NOTHING) -> Counts:
    """The counts with the change that the ends of runs make."""
    numbers = {name: getattr(counts, name) for name in Counts.__slots__}
    for status in ended:
        numbers["pending"] -= 1
        if status in _ENDED_AS:
            numbers[_ENDED_AS[status]] += 1
    return Counts(**numbers)


def _progress(advanced: Advanced, items: Mapping[UUID, UUID], now: datetime) -> RunProgress:
    run = _with_items(advanced.run, items)
    delay = (run.wait.until - now).total_seconds() if run.wait else 0.0
    return RunProgress(run=run, token=advanced.scene.claimed.token, delay=max(delay, 0.0))


def _with_items(run: Run, items: Mapping[UUID, UUID]) -> Run:
    if not items:
        return run
    steps = {
        key: replace(record, item_id=items[record.delivery_id])
        if record.delivery_id is not None and record.delivery_id in items
        else record
        for key, record in run.steps.items()
    }
    return replace(run, steps=steps)
