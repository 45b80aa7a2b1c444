"""From JSON to what the use cases take."""

from typing import Final

from msgspec import Raw, structs

from app.http.idempotency import fingerprint_of, idempotency_of
from app.http.json_body import read_json
from app.http.notifications.queries import DeliveryQuery, NotificationQuery
from app.http.notifications.schemas import ContentBody, EveryoneBody, RecipientBody, SendNotificationBody
from app.http.requests import ApiRequest
from app.http.wire import check_size, instant
from application.notifications.ports import DeliveryFilter, NotificationFilter
from application.notifications.request_rules import SendNotificationCommand
from application.notifications.send_notifications import SendNotificationsCommand
from domain.notifications.content import Action, Audience, Content, Recipient
from domain.shared.errors import CarillonError
from domain.shared.problems import Problems

LARGEST_PAYLOAD: Final = 262_144
LARGEST_DATA: Final = 65_536


def send_command(request: ApiRequest, body: SendNotificationBody) -> SendNotificationCommand:
    """One request to notify; raises `InvalidInput` for what its shape alone does not show."""
    return _command(request, body, keyed=True)


def bulk_command(request: ApiRequest, items: list[Raw]) -> SendNotificationsCommand:
    """Many requests to notify; one that cannot be read takes its error along and spoils no other."""
    return SendNotificationsCommand(
        items=[_item(request, item) for item in items],
        idempotency=idempotency_of(request, [bytes(item).decode() for item in items]),
    )


def notification_filter(query: NotificationQuery) -> NotificationFilter:
    """Which notifications to list."""
    problems = Problems()
    after = instant(query.created_after, "createdAfter", problems)
    before = instant(query.created_before, "createdBefore", problems)
    problems.refuse()
    return NotificationFilter(
        statuses=tuple(status.value for status in query.status),
        workflows=query.workflow,
        subscribers=query.subscriber,
        tags=query.tag,
        created_after=after,
        created_before=before,
    )


def delivery_filter(query: DeliveryQuery) -> DeliveryFilter:
    """Which deliveries to list."""
    return DeliveryFilter(
        statuses=tuple(status.value for status in query.status),
        channels=tuple(channel.value for channel in query.channel),
        subscribers=query.subscriber,
    )


def content_of(body: ContentBody, problems: Problems, path: str = "content") -> Content:
    """What a notification says."""
    check_size(body.data, LARGEST_DATA, f"{path}.data".lstrip("."), problems)
    return Content(
        title=body.title,
        body=body.body,
        data=body.data,
        actions=tuple(Action(id=action.id, label=action.label, url=action.url) for action in body.actions),
        avatar=body.avatar,
        redirect=body.redirect,
    )


def _item(request: ApiRequest, item: Raw) -> SendNotificationCommand | CarillonError:
    try:
        return _command(request, read_json(item, SendNotificationBody), keyed=False)
    except CarillonError as unreadable:
        return unreadable


def _command(request: ApiRequest, body: SendNotificationBody, *, keyed: bool) -> SendNotificationCommand:
    problems = Problems()
    send_at, expires_at = instant(body.send_at, "sendAt", problems), instant(body.expires_at, "expiresAt", problems)
    check_size(body.payload, LARGEST_PAYLOAD, "payload", problems)
    check_size(body.overrides, LARGEST_DATA, "overrides", problems)
    content = content_of(body.content, problems) if body.content is not None else None
    problems.refuse()
    # A repeat of a transaction is the same request under the same id, so the id is no part of what is compared.
    fingerprint = fingerprint_of(structs.replace(body, transaction_id=None, send_at=send_at, expires_at=expires_at))
    return SendNotificationCommand(
        principal=request.auth,
        audience=_audience(body),
        fingerprint=fingerprint,
        content=content,
        workflow=body.workflow,
        payload=body.payload,
        overrides=body.overrides,
        channels=tuple(body.channels),
        transaction_id=body.transaction_id,
        sequence_id=body.sequence_id,
        actor=body.actor,
        send_at=send_at,
        expires_at=expires_at,
        severity=body.severity,
        tags=tuple(body.tags),
        routing=body.routing.method,
        dry_run=body.dry_run,
        trace=request.trace.carried(),
        idempotency=idempotency_of(request, [fingerprint, body.transaction_id]) if keyed else None,
    )


def _audience(body: SendNotificationBody) -> Audience:
    if isinstance(body.to, EveryoneBody):
        return Audience(everyone=True)
    return Audience(entries=tuple(_recipient(entry) for entry in body.to))


def _recipient(entry: str | RecipientBody) -> Recipient:
    if isinstance(entry, str):
        return Recipient(subscriber_id=entry)
    return Recipient(
        subscriber_id=entry.subscriber_id, topic=entry.topic, exclude=tuple(entry.exclude), contact=_contact(entry)
    )


def _contact(entry: RecipientBody) -> dict[str, str]:
    given = {
        "email": entry.email,
        "phone": entry.phone,
        "firstName": entry.first_name,
        "lastName": entry.last_name,
        "avatar": entry.avatar,
        "locale": entry.locale,
        "timezone": entry.timezone,
    }
    return {name: value for name, value in given.items() if value is not None}
