"""Leased deliveries with all that is needed to send them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from application.notifications.address_book import AddressBook
from application.ports.delivery_queue import ClaimedDelivery
from application.ports.notification_channel import OutboundMessage
from application.ports.secret_box import SecretUnreadable
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryTrigger
from domain.notifications.notification import Notification
from domain.subscribers.endpoint_state import switched_off
from domain.subscribers.subscriber import Subscriber
from domain.workflows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """What the message of a workflow's step is made from."""

    run: Run
    notification: Notification
    subscriber: Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One leased delivery: with a message to send, or with the trigger that ends it unsent (and why).

    With a `step` the message says nothing yet: it has to be composed.
    """

    delivery: Delivery
    token: int
    message: OutboundMessage | None = None
    trace: str | None = None
    ending: DeliveryTrigger | None = None
    reason: str | None = None
    step: StepDraft | None = None
    log_fields: Mapping[str, object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """What `log_events` promises of every line about a delivery, of which there are several."""
        fields = {
            "delivery_id": str(self.delivery.id),
            "notification_id": str(self.delivery.notification_id),
            "channel": self.delivery.channel.value,
            "attempt": self.delivery.rounds + 1,
        }
        object.__setattr__(self, "log_fields", fields)


async def pack(uow: UnitOfWork, claimed: Sequence[ClaimedDelivery], book: AddressBook) -> list[Parcel]:
    """Load what the deliveries say and whom they reach: two queries per tenant, whatever their number, and a third
    where there are steps of workflows.
    """
    parcels: list[Parcel] = []
    for tenant_id, group in _by_tenant(claimed).items():
        deliveries = [one.delivery for one in group]
        notifications = await uow.notifications.get_many(tenant_id, {one.notification_id for one in deliveries})
        subscribers = await uow.subscribers.get_many(tenant_id, {one.target for one in deliveries})
        runs = await _runs(uow, tenant_id, deliveries)
        parcels += [
            _parcel(
                one,
                notifications.get(one.delivery.notification_id),
                subscribers.get(one.delivery.target),
                runs.get((one.delivery.notification_id, one.delivery.target)),
                book,
            )
            for one in group
        ]
    return parcels


async def _runs(uow: UnitOfWork, tenant_id: str, deliveries: Sequence[Delivery]) -> Mapping[tuple[UUID, str], Run]:
    of_steps = {(one.notification_id, one.target) for one in deliveries if one.step}
    return await uow.runs.get_many(tenant_id, sorted(of_steps)) if of_steps else {}


def _by_tenant(claimed: Iterable[ClaimedDelivery]) -> Mapping[str, list[ClaimedDelivery]]:
    groups: dict[str, list[ClaimedDelivery]] = {}
    for one in claimed:
        groups.setdefault(one.delivery.tenant_id, []).append(one)
    return groups


def _parcel(
    claimed: ClaimedDelivery,
    notification: Notification | None,
    subscriber: Subscriber | None,
    run: Run | None,
    book: AddressBook,
) -> Parcel:
    delivery = claimed.delivery
    if notification is None or notification.cancel_requested_at is not None:
        return _unsent(claimed, DeliveryTrigger.CANCEL, "cancelled")
    if claimed.expired:
        return _unsent(claimed, DeliveryTrigger.EXPIRE, "expired")
    try:
        address = book.address(subscriber, delivery.channel) if subscriber else None
    except SecretUnreadable:
        # One contact point that was sealed by a lost key must not keep the rest of the claim from being sent.
        return _unsent(claimed, DeliveryTrigger.GIVE_UP, "secret_unreadable")
    if subscriber is None or address is None or switched_off(address):
        obstacle = "endpoint_disabled" if address else "no_contact_point"
        return _unsent(claimed, DeliveryTrigger.SUPPRESS, obstacle)
    if delivery.step and run is None:
        return _unsent(claimed, DeliveryTrigger.GIVE_UP, "workflow_missing")
    return Parcel(
        delivery=delivery,
        token=claimed.token,
        message=_message(delivery, notification, subscriber, address),
        trace=notification.trace,
        step=StepDraft(run=run, notification=notification, subscriber=subscriber) if run is not None else None,
    )


def _unsent(claimed: ClaimedDelivery, ending: DeliveryTrigger, reason: str) -> Parcel:
    return Parcel(delivery=claimed.delivery, token=claimed.token, ending=ending, reason=reason)


def _message(
    delivery: Delivery, notification: Notification, subscriber: Subscriber, address: Mapping[str, str]
) -> OutboundMessage:
    content = notification.content
    return OutboundMessage(
        delivery_id=delivery.id,
        notification_id=notification.id,
        tenant_id=delivery.tenant_id,
        subscriber_id=subscriber.subscriber_id,
        channel=delivery.channel,
        address=address,
        title=content.title,
        body=content.body,
        created_at=notification.created_at,
        data=content.data,
        actions=tuple({"id": action.id, "label": action.label, "url": action.url} for action in content.actions),
        severity=notification.severity.value,
        tags=notification.tags,
        locale=subscriber.locale,
        overrides=notification.overrides,
    )
