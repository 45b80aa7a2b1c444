"""Someone who is notified."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.shared.errors import NotFound
from domain.shared.json import JsonObject
from domain.subscribers.channel_points import devices_of


class SubscriberNotFound(NotFound):
    """Subscriber not found"""

    code = "subscribers.not_found"


# Where a chat message can go.
CHAT_SERVICES = ("slack", "discord", "telegram", "whatsapp", "teams", "apprise")

MERGED_CONTACTS = frozenset({"email", "phone", "firstName", "lastName", "avatar", "locale", "timezone"})
_FIELD = {"firstName": "first_name", "lastName": "last_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Known by the caller's own `subscriber_id`; `id` is ours, and the id of the subscriber's stream.

    `channels` holds what does not fit in a column: `{"webhook": {"url", "secret"}, "push": {"tokens"}, …}`; secrets in
    it are sealed.
    """

    id: UUID
    tenant_id: str
    subscriber_id: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    avatar: str | None = None
    locale: str | None = None
    timezone: str | None = None
    data: JsonObject = field(default_factory=dict)
    channels: JsonObject = field(default_factory=dict)
    version: int = 1
    created_at: datetime
    updated_at: datetime

    def merged(self, contact: Mapping[str, str], now: datetime) -> "Subscriber":
        """With the contact fields that a request brought along; the same object when they change nothing."""
        changes: dict[str, Any] = {  # Any: field values of several types
            _FIELD.get(name, name): value for name, value in contact.items() if name in MERGED_CONTACTS
        }
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        return replace(self, **changes, version=self.version + 1, updated_at=now)

    @property
    def display_name(self) -> str | None:
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None

    def address(self, channel: str) -> JsonObject | None:
        """The contact point for a channel, or None: then a delivery over it is suppressed.

        Push and chat have several kinds; theirs hold each under its name.
        """
        if channel == "email":
            return self._email_address()
        if channel == "sms":
            return {"phone": self.phone} if self.phone else None
        if channel == "in_app":
            return {}
        if channel == "push":
            return devices_of(self.channels) or None
        if channel == "chat":
            return {name: point for name in CHAT_SERVICES if (point := self._point(name))} or None
        return self._point(channel)

    def _point(self, name: str) -> JsonObject | None:
        point = self.channels.get(name)
        return point if isinstance(point, Mapping) and point else None

    def _email_address(self) -> Mapping[str, str] | None:
        if not self.email:
            return None
        return {"email": self.email, "name": self.display_name} if self.display_name else {"email": self.email}
