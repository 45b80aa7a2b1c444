"""Sending mail without a provider: the queue's own calls, as a worker makes them."""

from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from container import Container
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus


async def lease_mail(container: Container, number: int) -> list[ClaimedDelivery]:
    """Lease at most so many mails, the most urgent first."""
    claimed: list[ClaimedDelivery] = []
    async with container.unit_of_work() as uow:
        for priority in Priority:
            claimed += await uow.delivery_queue.claim(
                container.scope(),
                queue="notifications",
                channel=Channel.EMAIL,
                priority=priority,
                limit=number - len(claimed),
                lease_seconds=60,
            )
        await uow.commit()
    return claimed


async def mail_out(container: Container, number: int) -> None:
    """Send so many mails."""
    claimed = await lease_mail(container, number)
    assert len(claimed) == number
    async with container.unit_of_work() as uow:
        await uow.delivery_queue.record(container.scope(), [_sent(one, container) for one in claimed])
        await uow.commit()


def _sent(claimed: ClaimedDelivery, container: Container) -> DeliveryResult:
    one = claimed.delivery
    return DeliveryResult(
        delivery_id=one.id,
        notification_id=one.notification_id,
        tenant_id=one.tenant_id,
        token=claimed.token,
        status=DeliveryStatus.SENT,
        rounds=1,
        finished_at=container.clock().now(),
    )
