"""Contact points as providers need them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.ports.secret_box import SecretBox, SecretUnreadable
from application.subscribers.profile import secret_place
from domain.notifications.channel import Channel
from domain.shared.json import JsonObject, JsonValue
from domain.subscribers.channel_points import with_secrets
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBook:
    """Opens the secrets of a contact point, for the moment of sending.

    A webhook without a secret of its own is signed with `webhook_secret`, or, where the operator chose none, with the
    tenant's own derived ones (`webhook_secrets`).
    """

    secrets: SecretBox
    webhook_secrets: Callable[[str], Sequence[str]]
    webhook_secret: str | None = None

    def address(self, subscriber: Subscriber, channel: Channel) -> JsonObject | None:
        """The contact point, or None; raises `SecretUnreadable` when no secret of it can be opened any more."""
        address = subscriber.address(channel)
        if address is None:
            return None
        if channel is Channel.CHAT:
            return self._opened_each(address, secret_place(subscriber))
        if channel is not Channel.WEBHOOK:
            return dict(address)
        opened = self._opened(channel.value, address, secret_place(subscriber))
        if not opened.get("secret"):
            return {**opened, "secret": self.webhook_secret or " ".join(self.webhook_secrets(subscriber.tenant_id))}
        return opened

    def _opened_each(self, points: JsonObject, place: str) -> JsonObject:
        """One that cannot be opened is left out: another one may still reach the recipient."""
        opened: dict[str, JsonValue] = {}
        unreadable: SecretUnreadable | None = None
        for name, point in points.items():
            try:
                opened[name] = self._opened(name, point, place)
            except SecretUnreadable as error:
                unreadable = error
        if unreadable is not None and not opened:
            raise unreadable
        return opened

    def _opened(self, name: str, point: JsonObject, place: str) -> dict[str, JsonValue]:
        return dict(with_secrets({name: point}, lambda sealed: self.secrets.open(sealed, place))[name])
