"""The runs of workflows, as rows in memory."""

from uuid import UUID

from domain.workflows.run import RUN_FINAL, Run, RunStatus
from infrastructure.memory.tables import Entry, Table


class RunTables:
    """Part of what one process stores in memory."""

    def __init__(self) -> None:
        self.runs = Table[UUID, Entry[Run]](
            lambda row: row.item.id,
            target=lambda row: (row.item.notification_id, row.item.target),
            claimable=_claimable,
            leased=lambda row: row.item.queue if row.item.status is RunStatus.RUNNING else None,
            open=lambda row: None if row.item.status in RUN_FINAL else row.item.notification_id,
            notification=lambda row: row.item.notification_id,
        )


def _claimable(entry: Entry[Run]) -> tuple[str, int] | None:
    run = entry.item
    return (run.queue, run.priority) if run.status is RunStatus.PENDING else None
