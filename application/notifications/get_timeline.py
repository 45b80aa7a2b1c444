"""Asking what happened to a notification, and why."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from application.notifications.ports import NotificationReader, TimelineFacts, TimelineReader
from application.notifications.timeline import TimelineEntry, timeline
from application.ports.clock import Clock
from application.ports.cursor_signer import CursorSigner
from application.shared.cursors import InvalidCursor
from application.shared.pages import Page
from domain.identity.principal import Principal
from domain.notifications.errors import NotificationNotFound
from domain.notifications.notification import Notification

# Beyond it nobody reads what happened to all of them: the totals are told, and one subscriber's story on request.
MOST_RECIPIENTS: Final = 100
# Bounds what one request loads, each with its attempts.
MOST_DELIVERIES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTimeline:
    """One page of what happened, the oldest first: to one subscriber, or to all where those are few."""

    notifications: NotificationReader
    timelines: TimelineReader
    cursors: CursorSigner
    clock: Clock

    async def __call__(
        self, principal: Principal, notification_id: UUID, *, subscriber: str | None, cursor: str | None, limit: int
    ) -> Page[TimelineEntry]:
        tenant_id, name = principal.tenant_id, f"notifications/{notification_id}/timeline/{subscriber or ''}"
        after = self._after(tenant_id, name, cursor)
        notification = await self.notifications.get(tenant_id, notification_id)
        if notification is None:
            raise NotificationNotFound
        facts = await self._facts(notification, subscriber)
        entries = [entry for entry in timeline(notification, facts, self.clock.now()) if entry.place > after]
        following = None
        if len(entries) > limit:
            place = {"after": entries[limit - 1].place}
            following = self.cursors.sign(place, tenant_id=tenant_id, list_name=name)
        return Page(items=entries[:limit], limit=limit, next_cursor=following)

    def _after(self, tenant_id: str, name: str, cursor: str | None) -> str:
        if cursor is None:
            return ""
        place = self.cursors.verify(cursor, tenant_id=tenant_id, list_name=name).get("after")
        if not isinstance(place, str):
            raise InvalidCursor
        return place

    async def _facts(self, notification: Notification, subscriber: str | None) -> TimelineFacts:
        if subscriber is None and (notification.recipients or 0) > MOST_RECIPIENTS:
            return TimelineFacts(complete=False)
        return await self.timelines.facts(notification, subscriber=subscriber, limit=MOST_DELIVERIES)
