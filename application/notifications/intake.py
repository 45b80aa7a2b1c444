"""Saying no while deliveries are too far behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.notifications.channel import Channel
from domain.notifications.errors import IntakeOverloaded


@dataclass(slots=True, kw_only=True)
class IntakeGauge:
    """How many seconds each channel's deliveries are behind, as last measured; beyond `max_lag` intake is refused."""

    max_lag: float
    lags: dict[Channel, float] = field(default_factory=dict)

    def refuse_when_behind(self, channels: Sequence[Channel]) -> None:
        """Raise `IntakeOverloaded` when the oldest due delivery of one of `channels` waits longer than `max_lag`."""
        for channel in channels:
            lag = self.lags.get(channel, 0.0)
            if lag > self.max_lag:
                raise IntakeOverloaded(
                    f"{channel} deliveries are {lag:.0f} s behind", retry_after=min(lag - self.max_lag, 60.0) + 1
                )
