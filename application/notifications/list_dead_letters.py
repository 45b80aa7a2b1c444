"""Asking for deliveries over all notifications, and those first that came to nothing."""

from dataclasses import dataclass

from application.notifications.ports import DeadLetterFilter, DeadLetterReader
from application.notifications.views import DeliveryView
from application.ports.cursor_signer import CursorSigner
from application.shared.keyset import Keyset
from application.shared.pages import Page
from domain.identity.principal import Principal

LIST = "deliveries"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeadLetters:
    """The tenant's deliveries of some statuses, newest first, each with its attempts."""

    dead_letters: DeadLetterReader
    cursors: CursorSigner

    async def __call__(
        self, principal: Principal, wanted: DeadLetterFilter, *, cursor: str | None, limit: int
    ) -> Page[DeliveryView]:
        keyset = Keyset(cursors=self.cursors, tenant_id=principal.tenant_id, list_name=LIST)
        found = await self.dead_letters.page(principal.tenant_id, wanted, before=keyset.before(cursor), limit=limit + 1)
        return keyset.page(found, limit, id_of=lambda one: one.id, view=lambda one: one)
