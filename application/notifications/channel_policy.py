"""How each channel is run."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.notifications.channel import Channel
from domain.notifications.rounds import RetrySchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """Whether a channel is on, which queue its deliveries wait in, and the waits between its rounds."""

    enabled: bool = True
    queue: str = "notifications"
    schedule: RetrySchedule


ChannelPolicies = Mapping[Channel, ChannelPolicy]
