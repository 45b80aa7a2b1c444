"""Who changed what, and when."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.shared.json import JsonObject


class AuditAction(StrEnum):
    """What the product notes: `<entity>.<verb>`."""

    TENANT_INSTALL = "tenant.install"
    SUBSCRIBER_CREATE = "subscriber.create"
    SUBSCRIBER_UPDATE = "subscriber.update"
    SUBSCRIBER_DELETE = "subscriber.delete"
    TOKEN_ISSUE = "token.issue"  # noqa: S105 - an action, not a secret
    TOPIC_CREATE = "topic.create"
    TOPIC_UPDATE = "topic.update"
    TOPIC_DELETE = "topic.delete"
    TOPIC_ADD_SUBSCRIBERS = "topic.add_subscribers"
    TOPIC_REMOVE_SUBSCRIBERS = "topic.remove_subscribers"
    PREFERENCE_UPDATE = "preference.update"
    PREFERENCE_SET_DEFAULTS = "preference.set_defaults"
    NOTIFICATION_CANCEL = "notification.cancel"
    DELIVERY_REDRIVE = "delivery.redrive"
    WORKFLOW_CREATE = "workflow.create"
    WORKFLOW_UPDATE = "workflow.update"
    WORKFLOW_PUBLISH = "workflow.publish"
    WORKFLOW_ROLL_BACK = "workflow.roll_back"
    WORKFLOW_DELETE = "workflow.delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change that somebody made, written in the transaction that made it.

    `actor` is `<kind>:<id>` of the principal, `action` an `AuditAction` (or one of an earlier release, when it is read
    back), `target` `<entity>:<id>`. `detail` says which fields or how many, never
    what is in them: an entry outlives the person it is about.
    """

    tenant_id: str
    actor: str
    action: str
    target: str
    at: datetime
    detail: JsonObject = field(default_factory=dict)
