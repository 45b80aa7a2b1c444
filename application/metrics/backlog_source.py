"""How much waits, in the whole installation."""

from application.metrics.ports import Backlog, BacklogReader, MetricSource
from application.notifications.channel_policy import ChannelPolicies
from application.ports.metrics import Metrics
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel

_NOTHING = Backlog()


class BacklogSource(MetricSource):
    """Depth and age of the queues. `in_app` never waits.

    A queue that has had jobs once is told about from then on: a level that is not set any more would stay for ever.
    """

    def __init__(self, reader: BacklogReader, scope: SystemScope, policies: ChannelPolicies, seen: set[str]) -> None:
        self._reader = reader
        self._scope = scope
        self._lines = {(policy.queue, channel) for channel, policy in policies.items()}
        self._seen = seen

    @property
    def name(self) -> str:
        return "backlog"

    async def measure(self, metrics: Metrics) -> None:
        deliveries = await self._reader.deliveries(self._scope, frozenset(queue for queue, _ in self._lines))
        jobs = await self._reader.jobs(self._scope)
        waiting = {line for line in self._lines if line[1] is not Channel.IN_APP}
        for queue, channel in waiting | set(deliveries):
            found = deliveries.get((queue, channel), _NOTHING)
            _tell(metrics, "delivery", found, queue=queue, channel=channel.value)
        self._seen |= set(jobs)
        for queue in self._seen:
            _tell(metrics, "job", jobs.get(queue, _NOTHING), queue=queue)


def _tell(metrics: Metrics, kind: str, backlog: Backlog, **labels: str) -> None:
    for state in ("due", "later", "leased"):
        metrics.gauge(f"{kind}_queue_depth", getattr(backlog, state), state=state, **labels)
    metrics.gauge(f"{kind}_queue_oldest_seconds", backlog.oldest_seconds, **labels)
