"""What is counted when deliveries have ended."""

from collections import Counter
from collections.abc import Iterable

from application.ports.metrics import Metrics
from domain.notifications.events import DeliveryEnd


def count_ends(metrics: Metrics, ends: Iterable[DeliveryEnd]) -> None:
    """Once for each final status that was written, whoever wrote it; for units of work, after their commit."""
    for (channel, status), number in Counter((end.channel, end.status) for end in ends).items():
        metrics.increment("deliveries_recorded_total", number, channel=channel, status=status.value)
