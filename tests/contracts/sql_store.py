"""What stores of SQL have in common: the product's own adapters over some engines, with the machine's clock."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from application.ports.unit_of_work import SystemUnitOfWork
from application.relay.event_interest import EventInterest
from application.shared.reaction import Reaction, Reactions
from domain.audit.chain import SealedEntry
from infrastructure.database.event_tables import AuditEntryRow
from infrastructure.database.mappers.audit import sealed_from
from infrastructure.database.readers.audit import SqlAuditReader
from infrastructure.database.readers.backlog import SqlBacklogReader
from infrastructure.database.readers.credentials import SqlCredentialReader
from infrastructure.database.readers.inbox import SqlInboxReader
from infrastructure.database.readers.notifications import SqlNotificationReader
from infrastructure.database.readers.preferences import SqlStoredPreferencesReader
from infrastructure.database.readers.streams import SqlStreamReader
from infrastructure.database.readers.subscribers import SqlSubscriberReader, SqlTopicReader
from infrastructure.database.readers.workflows import SqlWorkflowReader, SqlWorkflowVersions
from infrastructure.database.tables import IdempotencyRow, table_of
from infrastructure.database.unit_of_work import Engines, SqlUnitOfWork
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.system.ids import UuidV7Ids
from tests.contracts.stores import Forgery, RecordingHints, RecordingWakeUps, Store


class SqlStore(Store):
    """Inherited by the store of each database, which opens the engines."""

    examples = 12

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self.hints = RecordingHints()
        self.wake_ups = RecordingWakeUps()
        self.trace = ContextvarsTraceContext(UuidV7Ids())
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.interest = EventInterest()
        self.notifications = SqlNotificationReader(engines=engines)
        self.inbox = SqlInboxReader(engines=engines)
        self.subscribers = SqlSubscriberReader(engines=engines)
        self.topics = SqlTopicReader(engines=engines)
        self.preferences = SqlStoredPreferencesReader(engines=engines)
        self.workflows = SqlWorkflowReader(engines=engines)
        self.workflow_versions = SqlWorkflowVersions(engines=engines)
        self.credentials = SqlCredentialReader(engines=engines)
        self.streams = SqlStreamReader(engines=engines)
        self.audit = SqlAuditReader(engines=engines)
        self.backlog = SqlBacklogReader(engines=engines)

    def unit_of_work(self, *reactions: Reaction) -> SystemUnitOfWork:
        return SqlUnitOfWork(
            engines=self._engines,
            hints=self.hints,
            wake_ups=self.wake_ups,
            reactions=Reactions.of(reactions),
            interest=self.interest,
            ids=UuidV7Ids(),
            trace=self.trace,
            log=self.log,
            metrics=self.metrics,
        )

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    async def after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def age_answers(self, seconds: float) -> None:
        records = table_of(IdempotencyRow)
        async with self._engines.writer.begin() as connection:
            await connection.execute(update(records).values(created_at=records.c.created_at - int(seconds * 1000)))

    async def forge_audit(self, forge: Forgery) -> None:
        entries = table_of(AuditEntryRow)
        async with self._engines.writer.begin() as connection:
            rows = await connection.execute(
                select(entries).where(entries.c.position.is_not(None)).order_by(entries.c.position)
            )
            forged = forge([sealed_from(dict(row)) for row in rows.mappings()])
            await connection.execute(delete(entries).where(entries.c.position.is_not(None)))
            if forged:
                await connection.execute(insert(entries), [_row_of(one) for one in forged])


def _row_of(sealed: SealedEntry) -> dict[str, object]:
    recorded, entry = sealed.recorded, sealed.recorded.entry
    return {
        "id": recorded.id,
        "tenant_id": entry.tenant_id,
        "position": sealed.position,
        "digest": sealed.digest,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "at": entry.at,
        "detail": entry.detail,
        "trace_id": recorded.trace_id,
    }
