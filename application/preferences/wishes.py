"""What recipients and their tenant want, at the moment of sending."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from application.ports.unit_of_work import UnitOfWork
from domain.preferences.preference import NO_PREFERENCES, NO_SWITCHES, SubscriberPreferences, Switches
from domain.preferences.resolution import Decision, Proposal, decide
from domain.shared.local_time import zone_named
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The switches of a tenant, and the preferences of those of some subscribers who have set any."""

    tenant: Switches = NO_SWITCHES
    subscribers: Mapping[str, SubscriberPreferences]

    @property
    def none(self) -> bool:
        """Whether nobody has set anything, so that only the workflow's own defaults can say no."""
        return not self.subscribers and self.tenant == NO_SWITCHES

    def decision(
        self, proposal: Proposal, subscriber: Subscriber, now: datetime, *, waiting_since: datetime | None = None
    ) -> Decision:
        """What becomes of a proposal to one of them, which has been held before since `waiting_since`."""
        return decide(
            proposal,
            self.tenant,
            self.subscribers.get(subscriber.subscriber_id, NO_PREFERENCES),
            zone=(zone_named(subscriber.timezone) if subscriber.timezone else None) or UTC,
            now=now,
            waiting_since=waiting_since,
        )


async def wishes_of(uow: UnitOfWork, tenant_id: str, subscriber_ids: Collection[str]) -> Wishes:
    """Two queries, whatever the number of subscribers."""
    return Wishes(
        tenant=await uow.preferences.defaults(tenant_id),
        subscribers=await uow.preferences.get_many(tenant_id, subscriber_ids),
    )
