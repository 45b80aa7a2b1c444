"""Asking for subscribers."""

from dataclasses import dataclass

from application.ports.cursor_signer import CursorSigner
from application.shared.keyset import Keyset
from application.shared.pages import Page
from application.subscribers.ports import SubscriberReader
from application.subscribers.views import SubscriberView, subscriber_view
from domain.identity.principal import Principal
from domain.subscribers.subscriber import SubscriberNotFound

LIST = "subscribers"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSubscriber:
    """One subscriber."""

    subscribers: SubscriberReader

    async def __call__(self, principal: Principal, subscriber_id: str) -> SubscriberView:
        subscriber = await self.subscribers.get(principal.tenant_id, subscriber_id)
        if subscriber is None:
            raise SubscriberNotFound
        return subscriber_view(subscriber)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscribers:
    """The tenant's subscribers, newest first."""

    subscribers: SubscriberReader
    cursors: CursorSigner

    async def __call__(self, principal: Principal, *, cursor: str | None, limit: int) -> Page[SubscriberView]:
        keyset = Keyset(cursors=self.cursors, tenant_id=principal.tenant_id, list_name=LIST)
        found = await self.subscribers.page(principal.tenant_id, before=keyset.before(cursor), limit=limit + 1)
        return keyset.page(found, limit, id_of=lambda one: one.id, view=subscriber_view)
