"""Contact points as providers need them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from application.ports.secret_box import SecretBox
from application.subscribers.profile import secret_place
from domain.notifications.channel import Channel
from domain.subscribers.channel_points import SECRET_FIELDS, with_secrets
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

    def address(self, subscriber: Subscriber, channel: Channel) -> Mapping[str, str] | None:
        """The contact point, or None; raises `SecretUnreadable` for a secret that cannot be opened any more."""
        address = subscriber.address(channel)
        if address is None:
            return None
        if not SECRET_FIELDS.get(channel.value):
            return dict(address)
        place = secret_place(subscriber)
        opened = with_secrets({channel.value: address}, lambda sealed: self.secrets.open(sealed, place))[channel.value]
        if channel is Channel.WEBHOOK and not opened.get("secret"):
            return {**opened, "secret": self.webhook_secret or " ".join(self.webhook_secrets(subscriber.tenant_id))}
        return dict(opened)
