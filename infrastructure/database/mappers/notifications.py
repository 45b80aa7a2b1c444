"""Notifications and deliveries as rows."""

import msgspec

from domain.jobs.job import Job, JobStatus
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Severity
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import ExpansionCursor, Notification
from domain.notifications.notification_status import Counts, Ending, NotificationStatus
from domain.shared.lease import Lease, Suspicion
from infrastructure.database.transaction import Values
from infrastructure.database.types import from_millis, to_millis

# `sending` is counted from the rows themselves: at most as many as there are slots.
TALLIED = ("pending", "sent", "failed", "expired", "cancelled", "suppressed")


def tally_values(counts: Counts) -> Values:
    """Counts as columns."""
    return {name: getattr(counts, name) for name in TALLIED}


def counts_from(row: Values) -> Counts:
    """The tallied counts of a row."""
    return Counts(**{name: int(row[name]) for name in TALLIED})


def notification_values(notification: Notification) -> Values:
    """A notification as a row."""
    return {
        "id": notification.id,
        "tenant_id": notification.tenant_id,
        "transaction_id": notification.transaction_id,
        "fingerprint": notification.fingerprint,
        "sequence_id": notification.sequence_id,
        "workflow": notification.workflow,
        "workflow_version": notification.workflow_version,
        "content": notification.content,
        "payload": notification.payload,
        "overrides": notification.overrides,
        "channels": notification.channels,
        "audience": notification.audience,
        "routing": notification.routing,
        "severity": notification.severity.value,
        "tags": notification.tags,
        "actor": notification.actor,
        "send_at": notification.send_at,
        "expires_at": notification.expires_at,
        "dry_run": notification.dry_run,
        "trace": notification.trace,
        "cancel_requested_at": notification.cancel_requested_at,
        "created_at": notification.created_at,
        **tally_values(notification.counts),
        **expansion_values(notification),
    }


def expansion_values(notification: Notification) -> Values:
    """How far it is written out, and what follows from that."""
    return {
        "recipients": notification.recipients,
        "expanded": notification.expanded,
        "cursor_entry": notification.cursor.entry,
        "cursor_after": notification.cursor.after,
        "unknown_topics": notification.unknown_topics,
        "ending": notification.ending.value if notification.ending else None,
        "status": notification.status.value,
        "finished_at": notification.finished_at,
    }


def notification_from(row: Values) -> Notification:
    """A row as a notification."""
    return Notification(
        id=row["id"],
        tenant_id=row["tenant_id"],
        transaction_id=row["transaction_id"],
        fingerprint=row["fingerprint"],
        sequence_id=row["sequence_id"],
        workflow=row["workflow"],
        workflow_version=row["workflow_version"],
        content=msgspec.convert(row["content"], Content),
        payload=row["payload"],
        overrides=row["overrides"],
        channels=tuple(Channel(name) for name in row["channels"]),
        audience=msgspec.convert(row["audience"], Audience),
        routing=row["routing"],
        severity=Severity(row["severity"]),
        tags=tuple(row["tags"]),
        actor=row["actor"],
        send_at=row["send_at"],
        expires_at=row["expires_at"],
        dry_run=row["dry_run"],
        recipients=row["recipients"],
        expanded=row["expanded"],
        cursor=ExpansionCursor(entry=row["cursor_entry"], after=row["cursor_after"]),
        unknown_topics=tuple(row["unknown_topics"]),
        counts=counts_from(row),
        ending=Ending(row["ending"]) if row["ending"] else None,
        cancel_requested_at=row["cancel_requested_at"],
        status=NotificationStatus(row["status"]),
        trace=row["trace"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def delivery_values(delivery: Delivery) -> Values:
    """A new delivery as a row; a pending one is due from when it was created."""
    pending = delivery.status is DeliveryStatus.PENDING
    return {
        "id": delivery.id,
        "tenant_id": delivery.tenant_id,
        "notification_id": delivery.notification_id,
        "target": delivery.target,
        "step": delivery.step,
        "channel": delivery.channel.value,
        "queue": delivery.queue,
        "priority": int(delivery.priority),
        "generation": delivery.generation,
        "replay_of": delivery.replay_of,
        "status": delivery.status.value,
        "reason": delivery.reason,
        "rounds": delivery.rounds,
        "next_at": to_millis(delivery.next_attempt_at or delivery.created_at) if pending else None,
        "expires_at": delivery.expires_at,
        "lease_owner": None,
        "lease_token": 0,
        "leased_at": None,
        "suspicion": int(delivery.suspicion),
        "crashes": delivery.crashes,
        "receipt": delivery.receipt,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }


def unleased_values(delivery: Delivery) -> Values:
    """The columns that change when a delivery is let go of."""
    due = delivery.next_attempt_at
    return {
        "status": delivery.status.value,
        "reason": delivery.reason,
        "rounds": delivery.rounds,
        "next_at": None if due is None else to_millis(due),
        "lease_owner": None,
        "leased_at": None,
        "suspicion": int(delivery.suspicion),
        "crashes": delivery.crashes,
        "finished_at": delivery.finished_at,
    }


def delivery_from(row: Values) -> Delivery:
    """A row as a delivery; `lease` where it is leased."""
    status = DeliveryStatus(row["status"])
    leased = status is DeliveryStatus.SENDING
    waits = status is DeliveryStatus.PENDING and row["next_at"] is not None
    return Delivery(
        id=row["id"],
        tenant_id=row["tenant_id"],
        notification_id=row["notification_id"],
        target=row["target"],
        step=row["step"],
        channel=Channel(row["channel"]),
        queue=row["queue"],
        priority=Priority(row["priority"]),
        generation=row["generation"],
        replay_of=row["replay_of"],
        status=status,
        reason=row["reason"],
        rounds=row["rounds"],
        next_attempt_at=from_millis(row["next_at"]) if waits else None,
        expires_at=row["expires_at"],
        lease=Lease(owner=row["lease_owner"], token=row["lease_token"]) if leased else None,
        leased_at=row["leased_at"],
        suspicion=Suspicion(row["suspicion"]),
        crashes=row["crashes"],
        receipt=row["receipt"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def attempt_values(attempt: Attempt) -> Values:
    """An attempt as a row."""
    return {
        "id": attempt.id,
        "delivery_id": attempt.delivery_id,
        "round": attempt.round,
        "provider": attempt.provider,
        "outcome": attempt.outcome.value,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "status_code": attempt.status_code,
        "error_code": attempt.error_code,
        "detail": attempt.detail,
        "provider_message_id": attempt.provider_message_id,
    }


def job_from(row: Values) -> Job:
    """A row as a job."""
    status = JobStatus(row["status"])
    running = status is JobStatus.RUNNING
    return Job(
        id=row["id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        schema_version=row["schema_version"],
        queue=row["queue"],
        priority=row["priority"],
        payload=row["payload"],
        status=status,
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
        timeout=None if row["timeout_ms"] is None else row["timeout_ms"] / 1000,
        lease=Lease(owner=row["lease_owner"], token=row["lease_token"]) if running else None,
        suspicion=Suspicion(row["suspicion"]),
        crashes=row["crashes"],
        dedupe_key=row["dedupe_key"],
        last_error=row["last_error"],
        trace=row["trace"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
