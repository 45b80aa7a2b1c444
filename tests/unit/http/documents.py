"""What use cases answer, and the JSON that callers get for it."""

from typing import Any
from uuid import UUID

from application.notifications.views import AcceptedView, AttemptView, DeliveryView
from application.subscribers.views import SubscriberView
from domain.inbox.item import InboxItem
from domain.notifications.channel import Channel
from domain.notifications.content import Audience, Content, Recipient
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts, NotificationStatus
from tests.unit.http.stand_in import NOW

ID = UUID("0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f")
OTHER = UUID("0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e70")
STAMP = "2026-11-20T09:11:25.163Z"

ACCEPTED = AcceptedView(id=ID, transaction_id="order-42", status="accepted", recipients=2)
ITEM = InboxItem(
    id=ID,
    tenant_id="default",
    recipient_id=OTHER,
    notification_id=OTHER,
    title="Shipped",
    body="On its way",
    data={"orderId": 42},
    actions=({"id": "track", "label": "Track", "url": "https://example.com/42", "state": "open"},),
    surfaced_at=NOW,
    created_at=NOW,
    updated_at=NOW,
    tags=("orders",),
)
ITEM_JSON: dict[str, Any] = {
    "id": str(ID),
    "notificationId": str(OTHER),
    "workflow": None,
    "title": "Shipped",
    "body": "On its way",
    "data": {"orderId": 42},
    "actions": [{"id": "track", "label": "Track", "url": "https://example.com/42", "state": "open"}],
    "avatar": None,
    "redirect": None,
    "severity": "none",
    "tags": ["orders"],
    "actor": None,
    "seen": False,
    "read": False,
    "archived": False,
    "snoozedUntil": None,
    "seenAt": None,
    "readAt": None,
    "archivedAt": None,
    "createdAt": STAMP,
    "updatedAt": STAMP,
}
SUBSCRIBER = SubscriberView(
    subscriber_id="ada",
    email="ada@example.com",
    phone=None,
    first_name="Ada",
    last_name=None,
    avatar=None,
    locale="en",
    timezone=None,
    data={"plan": "pro"},
    channels={"webhook": {"url": "https://example.com/hook"}},
    created_at=NOW,
    updated_at=NOW,
)
SUBSCRIBER_JSON = {
    "subscriberId": "ada",
    "email": "ada@example.com",
    "phone": None,
    "firstName": "Ada",
    "lastName": None,
    "avatar": None,
    "locale": "en",
    "timezone": None,
    "data": {"plan": "pro"},
    "channels": {"webhook": {"url": "https://example.com/hook"}},
    "createdAt": STAMP,
    "updatedAt": STAMP,
}


def a_notification() -> Notification:
    return Notification(
        id=ID,
        tenant_id="default",
        transaction_id="order-42",
        fingerprint="f",
        content=Content(title="Shipped", body="On its way", data={"orderId": 42}),
        channels=(Channel.IN_APP, Channel.EMAIL),
        audience=Audience(entries=(Recipient(subscriber_id="u1"), Recipient(subscriber_id="u2"))),
        tags=("orders",),
        recipients=2,
        counts=Counts(pending=1, sent=3),
        status=NotificationStatus.PROCESSING,
        created_at=NOW,
    )


NOTIFICATION_JSON: dict[str, Any] = {
    "id": str(ID),
    "transactionId": "order-42",
    "sequenceId": None,
    "workflow": None,
    "content": {"title": "Shipped", "body": "On its way", "data": {"orderId": 42}, "actions": []},
    "payload": {},
    "channels": ["in_app", "email"],
    "status": "processing",
    "severity": "none",
    "tags": ["orders"],
    "actor": None,
    "recipients": 2,
    "counts": {
        "pending": 1,
        "sending": 0,
        "sent": 3,
        "failed": 0,
        "expired": 0,
        "cancelled": 0,
        "suppressed": 0,
    },
    "sendAt": None,
    "expiresAt": None,
    "dryRun": False,
    "createdAt": STAMP,
    "finishedAt": None,
}


ATTEMPT = AttemptView(
    id=OTHER,
    round=1,
    provider="smtp-a",
    outcome="retryable",
    started_at=NOW,
    finished_at=NOW,
    status_code=421,
    error_code="smtp.service_unavailable",
    detail="421 try later",
    provider_message_id="SM-1",
)
DELIVERY = DeliveryView(
    id=ID,
    notification_id=OTHER,
    subscriber_id="u1",
    step=None,
    channel="email",
    status="sent",
    reason=None,
    generation=0,
    replay_of=None,
    rounds=1,
    next_attempt_at=None,
    created_at=NOW,
    finished_at=NOW,
    receipt=None,
    attempts=(ATTEMPT,),
)
DELIVERY_JSON: dict[str, Any] = {
    "id": str(ID),
    "notificationId": str(OTHER),
    "subscriberId": "u1",
    "step": None,
    "channel": "email",
    "status": "sent",
    "reason": None,
    "generation": 0,
    "replayOf": None,
    "rounds": 1,
    "nextAttemptAt": None,
    "createdAt": STAMP,
    "finishedAt": STAMP,
    "receipt": None,
    "attempts": [
        {
            "id": str(OTHER),
            "round": 1,
            "provider": "smtp-a",
            "outcome": "retryable",
            "startedAt": STAMP,
            "finishedAt": STAMP,
            "statusCode": 421,
            "errorCode": "smtp.service_unavailable",
            "detail": "421 try later",
            "providerMessageId": "SM-1",
        }
    ],
}
