"""Loading what the steps of runs look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from application.ports.run_queue import ClaimedRun
from application.ports.run_repository import HandedOver, LookedAt
from application.ports.unit_of_work import UnitOfWork
from application.preferences.wishes import wishes_of
from application.workflows.run_data import recorded_standings
from application.workflows.scene import Scene
from domain.workflows.progress import Standing
from domain.workflows.run import Run, StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLoader:
    """Six queries per tenant, whatever the number of runs."""

    async def load(self, uow: UnitOfWork, claimed: Sequence[ClaimedRun]) -> list[Scene]:
        """The scenes in the order of the runs, tenant by tenant."""
        scenes: list[Scene] = []
        for tenant_id, group in _by_tenant(claimed).items():
            runs = [one.run for one in group]
            notifications = await uow.notifications.get_many(tenant_id, {run.notification_id for run in runs})
            subscribers = await uow.subscribers.get_many(tenant_id, {run.target for run in runs})
            wishes = await wishes_of(uow, tenant_id, list(subscribers))
            records = [record for run in runs for record in run.steps.values()]
            handed_over = await uow.runs.handed_over(tenant_id, _ids(record.delivery_id for record in records))
            looked_at = await uow.runs.looked_at(tenant_id, _ids(record.item_id for record in records))
            scenes += [
                Scene(
                    claimed=one,
                    notification=notifications.get(one.run.notification_id),
                    subscriber=subscribers.get(one.run.target),
                    standings=_standings(one.run, handed_over, looked_at),
                    wishes=wishes,
                )
                for one in group
            ]
        return scenes


def _by_tenant(claimed: Iterable[ClaimedRun]) -> Mapping[str, list[ClaimedRun]]:
    groups: dict[str, list[ClaimedRun]] = {}
    for one in claimed:
        groups.setdefault(one.run.tenant_id, []).append(one)
    return groups


def _ids(found: Iterable[UUID | None]) -> set[UUID]:
    return {each for each in found if each is not None}


def _standings(
    run: Run, handed_over: Mapping[UUID, HandedOver], looked_at: Mapping[UUID, LookedAt]
) -> dict[str, Standing]:
    return {
        key: _standing(run.steps[key], recorded, handed_over, looked_at)
        for key, recorded in recorded_standings(run).items()
    }


def _standing(
    record: StepRecord,
    recorded: Standing,
    handed_over: Mapping[UUID, HandedOver],
    looked_at: Mapping[UUID, LookedAt],
) -> Standing:
    delivery = handed_over.get(record.delivery_id) if record.delivery_id else None
    if delivery is None:
        return recorded
    item = looked_at.get(record.item_id) if record.item_id else None
    return Standing(
        status=delivery.status,
        reason=delivery.reason,
        seen=item is not None and item.seen,
        read=item is not None and item.read,
        result=record.result,
    )
