"""Measuring how far deliveries are behind."""

from dataclasses import dataclass

from application.notifications.channel_policy import ChannelPolicies
from application.notifications.intake import IntakeGauge
from application.ports.metrics import Metrics
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureIntakeLag:
    """Tell the intake gauge for how long the oldest due delivery of each channel has waited.

    `in_app` never waits. When the store cannot say, the gauge keeps what it was told last.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    policies: ChannelPolicies
    gauge: IntakeGauge
    metrics: Metrics

    async def __call__(self) -> None:
        async with self.unit_of_work() as uow:
            lags: dict[Channel, float] = {
                channel: await uow.delivery_queue.oldest_due_age(self.scope, policy.queue, channel)
                for channel, policy in self.policies.items()
                if channel is not Channel.IN_APP
            }
        self.gauge.lags.update(lags)
        for channel, lag in lags.items():
            self.metrics.gauge("delivery_lag_seconds", lag, channel=channel.value)
