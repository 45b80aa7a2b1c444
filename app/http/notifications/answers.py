"""What became of notifications, as JSON."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from app.http.notifications.schemas import FreeJson
from app.http.problem import Problem, item_problem
from app.http.requests import ApiRequest
from app.http.wire import Time, shaped
from application.notifications.views import AcceptedView, BulkItemView, DeliveryView, NotificationView
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.content import Severity
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import NotificationStatus
from domain.shared.errors import CarillonError


class AcceptedBody(Struct, kw_only=True, rename="camel"):
    """What was accepted. `recipients` counts distinct subscribers; null until a topic or everyone is written out."""

    id: UUID
    transaction_id: str
    status: Literal["accepted", "scheduled"]
    recipients: int | None


class BulkItemBody(Struct, kw_only=True, rename="camel"):
    """The answer to one item: `data` when it was accepted, else `error`."""

    index: int
    status_code: int
    data: AcceptedBody | UnsetType = UNSET
    error: Problem | UnsetType = UNSET


class StoredActionBody(Struct, kw_only=True):
    """A button and its state."""

    id: str
    label: str
    url: str | None = None
    state: str = "open"


class StoredContentBody(Struct, kw_only=True):
    """What the notification says; `avatar` and `redirect` only where they were given."""

    title: str
    body: str
    data: FreeJson
    actions: list[StoredActionBody]
    avatar: str | UnsetType | None = UNSET
    redirect: str | UnsetType | None = UNSET


class CountsBody(Struct, kw_only=True):
    """Deliveries by status."""

    pending: int
    sending: int
    sent: int
    failed: int
    expired: int
    cancelled: int
    suppressed: int


class NotificationBody(Struct, kw_only=True, rename="camel"):
    """A notification and what became of it. Its `content` is null where it has a `workflow`. `unknownTopics` only where
    `to` named some that nobody had made when they were to be written out: nobody was reached through those.
    """

    id: UUID
    transaction_id: str
    sequence_id: str | None
    workflow: str | None
    content: StoredContentBody | None
    payload: FreeJson
    channels: list[Channel]
    status: NotificationStatus
    severity: Severity
    tags: list[str]
    actor: str | None
    recipients: int | None
    unknown_topics: list[str] | UnsetType = UNSET
    counts: CountsBody
    send_at: Time | None
    expires_at: Time | None
    dry_run: bool
    created_at: Time
    finished_at: Time | None


class AttemptBody(Struct, kw_only=True, rename="camel"):
    """One try through one provider; without a provider it was abandoned."""

    id: UUID
    round: int
    provider: str | None
    outcome: AttemptOutcome
    started_at: Time
    finished_at: Time
    status_code: int | None
    error_code: str | None
    detail: str | None
    provider_message_id: str | None


class DeliveryBody(Struct, kw_only=True, rename="camel"):
    """One notification to one subscriber over one channel, with its attempts, oldest first."""

    id: UUID
    notification_id: UUID
    subscriber_id: str
    step: str | None
    channel: Channel
    status: DeliveryStatus
    reason: str | None
    generation: int
    replay_of: UUID | None
    rounds: int
    next_attempt_at: Time | None
    created_at: Time
    finished_at: Time | None
    receipt: str | None
    attempts: list[AttemptBody]


def accepted_body(view: AcceptedView) -> AcceptedBody:
    """The answer to a request to notify."""
    return shaped(view, AcceptedBody)


def notification_body(view: NotificationView) -> NotificationBody:
    """A notification as it is answered."""
    body = shaped(view, NotificationBody)
    if body.content is not None:
        body.content.avatar = body.content.avatar or UNSET
        body.content.redirect = body.content.redirect or UNSET
    body.unknown_topics = body.unknown_topics or UNSET
    return body


def delivery_body(view: DeliveryView) -> DeliveryBody:
    """A delivery as it is answered."""
    return shaped(view, DeliveryBody)


def bulk_items(request: ApiRequest, items: Sequence[BulkItemView]) -> list[BulkItemBody]:
    """The answers to the items of a bulk request."""
    instance, trace_id = request.url.path, request.trace.current().trace_id
    return [_bulk_item(item, instance, trace_id) for item in items]


def _bulk_item(item: BulkItemView, instance: str, trace_id: str) -> BulkItemBody:
    if item.accepted is not None:
        return BulkItemBody(index=item.index, status_code=202, data=accepted_body(item.accepted))
    problem = item_problem(
        item.code or CarillonError.code, item.detail or "", item.problems, instance=instance, trace_id=trace_id
    )
    return BulkItemBody(index=item.index, status_code=problem.status, error=problem)
