"""One accepted request to notify."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Severity
from domain.notifications.delivery import Priority
from domain.notifications.notification_status import (
    UNFINISHED,
    Counts,
    Ending,
    NotificationStatus,
    derive_status,
)
from domain.shared.json import JsonObject

BULK_RECIPIENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionCursor:
    """How far the audience has been written out: the entry of `to`, and the last subscriber id of a topic or of all."""

    entry: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What was accepted, and what came of it.

    `recipients` is None until a topic or everyone is expanded. `counts` holds what has been folded in so far;
    readers add the tallies that are not. With a `workflow`, of which a version is kept, there is no `content` of its
    own, and each run that is not over counts as pending. `fingerprint` is the SHA-256 of the canonical request without
    `transactionId`: a repeat of the transaction must carry the same. `unknown_topics` are those that did not exist when
    their turn came.
    """

    id: UUID
    tenant_id: str
    transaction_id: str
    fingerprint: str
    sequence_id: str | None = None
    workflow: str | None = None
    workflow_version: int | None = None
    content: Content
    payload: JsonObject = field(default_factory=dict)
    overrides: JsonObject = field(default_factory=dict)
    channels: tuple[Channel, ...] = (Channel.IN_APP,)
    audience: Audience
    routing: str = "all"
    severity: Severity = Severity.NONE
    tags: tuple[str, ...] = ()
    actor: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    dry_run: bool = False
    recipients: int | None = None
    expanded: bool = False
    cursor: ExpansionCursor = field(default_factory=ExpansionCursor)
    unknown_topics: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    ending: Ending | None = None
    cancel_requested_at: datetime | None = None
    status: NotificationStatus = NotificationStatus.ACCEPTED
    trace: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether its `sendAt` has come."""
        return self.send_at is None or self.send_at <= now

    def expired(self, now: datetime) -> bool:
        """Whether nothing of it may be sent any more."""
        return self.expires_at is not None and self.expires_at <= now

    def priority(self, recipients: int) -> Priority:
        """High severity goes before the rest; a large audience goes behind everyone."""
        if self.severity is Severity.HIGH:
            return Priority.HIGH
        return Priority.BULK if recipients > BULK_RECIPIENTS else Priority.NORMAL

    def derived(self, now: datetime) -> "Notification":
        """This notification with the status and end that its counts imply."""
        status = derive_status(self.counts, due=self.due(now), expanded=self.expanded, ending=self.ending)
        finished = None if status in UNFINISHED else self.finished_at or now
        if (status, finished) == (self.status, self.finished_at):
            return self
        return replace(self, status=status, finished_at=finished)
