"""Runs of workflows as rows."""

from dataclasses import dataclass
from math import ceil

import msgspec

from domain.shared.lease import Lease, Suspicion
from domain.workflows.run import RUN_FINAL, Run, RunStatus, StepRecord, Wait
from infrastructure.database.transaction import Values
from infrastructure.database.types import to_millis

_AS_THEY_ARE = (
    "id",
    "tenant_id",
    "notification_id",
    "workflow",
    "version",
    "target",
    "queue",
    "priority",
    "position",
    "reason",
    "expires_at",
    "leased_at",
    "crashes",
    "created_at",
    "finished_at",
)


@dataclass(frozen=True, slots=True)
class _State:
    """The JSON of a run."""

    steps: dict[str, StepRecord]
    wait: Wait | None


def run_values(run: Run) -> Values:
    """A run that nobody has leased yet as a row, save for when it is due."""
    return {
        **{name: getattr(run, name) for name in _AS_THEY_ARE},
        **progress_values(run),
        "priority": int(run.priority),
        "next_at": None,
        "lease_token": 0,
    }


def progress_values(run: Run) -> Values:
    """The columns that change when a run is let go of, save for when it is due again."""
    return {
        "position": run.position,
        "state": _State(dict(run.steps), run.wait),
        "waiting": run.wait is not None,
        "status": run.status.value,
        "reason": run.reason,
        "lease_owner": None,
        "leased_at": None,
        "suspicion": int(run.suspicion),
        "crashes": run.crashes,
        "finished_at": run.finished_at,
    }


def due_again(run: Run, now: int, delay: float) -> int | None:
    """When a run is due that is let go of `now`, in milliseconds; None for a final one.

    It is due no earlier than `delay` seconds later, unless it expires before that.
    """
    if run.status in RUN_FINAL:
        return None
    due = now + ceil(delay * 1000)
    return due if run.expires_at is None else min(due, to_millis(run.expires_at))


def run_from(row: Values) -> Run:
    """A row as a run; `lease` where it is leased."""
    status = RunStatus(row["status"])
    state = msgspec.convert(row["state"], _State)
    leased = status is RunStatus.RUNNING
    return Run(
        **{name: row[name] for name in _AS_THEY_ARE},
        steps=state.steps,
        wait=state.wait if row["waiting"] else None,
        status=status,
        lease=Lease(owner=row["lease_owner"], token=row["lease_token"]) if leased else None,
        suspicion=Suspicion(row["suspicion"]),
    )
