"""What callers see of notifications."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.notifications.content import Content
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.shared.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedView:
    """The answer to a request to notify; a repeat of the transaction gets the same four fields."""

    id: UUID
    transaction_id: str
    status: str
    recipients: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItemView:
    """The answer to one item of a bulk request: accepted, or refused with a code and the problems found."""

    index: int
    accepted: AcceptedView | None = None
    code: str | None = None
    detail: str | None = None
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """A notification with its deliveries counted by status."""

    id: UUID
    transaction_id: str
    sequence_id: str | None
    workflow: str | None
    content: Content | None
    payload: JsonObject
    channels: tuple[str, ...]
    status: NotificationStatus
    severity: str
    tags: tuple[str, ...]
    actor: str | None
    recipients: int | None
    unknown_topics: tuple[str, ...] = ()
    counts: Counts
    send_at: datetime | None
    expires_at: datetime | None
    dry_run: bool
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try through one provider."""

    id: UUID
    round: int
    provider: str | None
    outcome: str
    started_at: datetime
    finished_at: datetime
    status_code: int | None
    error_code: str | None
    detail: str | None
    provider_message_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A delivery with its attempts, oldest first."""

    id: UUID
    notification_id: UUID
    subscriber_id: str
    step: str | None
    channel: str
    status: str
    reason: str | None
    generation: int
    replay_of: UUID | None
    rounds: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    receipt: str | None
    attempts: tuple[AttemptView, ...] = ()


def accepted_view(notification: Notification) -> AcceptedView:
    """`recipients` is what was known at acceptance, so that a repeat is answered alike; the rest is never further
    than that.
    """
    scheduled = notification.send_at is not None and notification.send_at > notification.created_at
    return AcceptedView(
        id=notification.id,
        transaction_id=notification.transaction_id,
        status=(NotificationStatus.SCHEDULED if scheduled else NotificationStatus.ACCEPTED).value,
        recipients=notification.audience.size,
    )


def notification_view(notification: Notification) -> NotificationView:
    """The whole notification, as stored plus what its counts imply."""
    return NotificationView(
        id=notification.id,
        transaction_id=notification.transaction_id,
        sequence_id=notification.sequence_id,
        workflow=notification.workflow,
        content=notification.content if notification.workflow is None else None,
        payload=notification.payload,
        channels=tuple(channel.value for channel in notification.channels),
        status=notification.status,
        severity=notification.severity.value,
        tags=notification.tags,
        actor=notification.actor,
        recipients=notification.recipients,
        unknown_topics=notification.unknown_topics,
        counts=notification.counts,
        send_at=notification.send_at,
        expires_at=notification.expires_at,
        dry_run=notification.dry_run,
        created_at=notification.created_at,
        finished_at=notification.finished_at,
    )
