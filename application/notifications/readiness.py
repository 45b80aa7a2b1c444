"""How much of a channel a process should take on, from what it has learned of the providers."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.circuit_breaker import Circuit, CircuitBreaker
from application.ports.notification_channel import NotificationChannel
from domain.notifications.channel import Channel

# Long enough that a worker who can send has claimed it first, and short beside the lag at which intake says no.
LEFT_TO_OTHERS = 30.0


@dataclass(frozen=True, slots=True)
class Appetite:
    """Claim at most `limit` deliveries, of those that have been due for `overdue` seconds."""

    limit: int
    overdue: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Keeps a worker that can ask nobody from taking what others could send.

    The breakers are this process's own: what it cannot reach, another may. What nobody takes for a while is claimed
    all the same, so that it is cancelled, expires and in the end fails like any other.
    """

    channels: Mapping[Channel, NotificationChannel]
    breaker: CircuitBreaker

    def appetite(self, channel: Channel, limit: int) -> Appetite:
        """Everything while one provider is not left alone; one delivery for a probe; else what others left.

        What goes to servers of the recipient's own choice is always wanted (webhooks, browsers, webhooks of chats):
        each has a breaker of its own, and which it is stands in the delivery.
        """
        circuits = {self.breaker.circuit(provider.name) for provider in self.channels[channel].providers}
        if not circuits or Circuit.CLOSED in circuits:
            return Appetite(limit)
        if Circuit.PROBE_DUE in circuits:
            return Appetite(1)
        return Appetite(limit, LEFT_TO_OTHERS)
