"""A stand-in for the log-in of the product that would embed the inbox."""

from dataclasses import dataclass

from application.ports.ids import Ids
from application.subscribers.issue_subscriber_token import IssueSubscriberToken
from application.subscribers.put_subscriber import PutSubscriber, PutSubscriberCommand
from application.subscribers.views import SubscriberToken
from domain.identity.principal import Principal
from domain.subscribers.subscriber import SubscriberNotFound
from domain.tenancy.tenant import DEFAULT_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDemoSession:
    """Two use cases behind `POST /demo/session`: a handler takes one dependency."""

    issue_subscriber_token: IssueSubscriberToken
    put_subscriber: PutSubscriber
    ids: Ids

    async def __call__(self, subscriber_id: str | None) -> tuple[str, SubscriberToken]:
        """A token for a subscriber of the default tenant, who is made when unknown and named when nobody is."""
        caller = Principal.system(DEFAULT_TENANT)
        name = subscriber_id or f"guest-{self.ids.new().hex[-6:]}"
        try:
            return name, await self.issue_subscriber_token(caller, name)
        except SubscriberNotFound:
            await self.put_subscriber(
                PutSubscriberCommand(principal=caller, subscriber_id=name, fields={}, partial=True)
            )
            return name, await self.issue_subscriber_token(caller, name)
