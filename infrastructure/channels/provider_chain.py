"""A channel made of configured providers."""

from collections.abc import Iterable, Sequence

from application.ports.notification_channel import ChannelProvider, NotificationChannel
from domain.notifications.channel import Channel


class ProviderChain(NotificationChannel):
    """Tries `providers` in the order given; attempts are told apart by name, so two of one name raise ValueError."""

    def __init__(self, kind: Channel, providers: Iterable[ChannelProvider]) -> None:
        self._kind = kind
        self._providers = tuple(providers)
        names = [provider.name for provider in self._providers]
        if len(set(names)) < len(names):
            raise ValueError(f"two providers of the {kind} channel share a name: {', '.join(names)}")

    @property
    def kind(self) -> Channel:
        return self._kind

    @property
    def providers(self) -> Sequence[ChannelProvider]:
        return self._providers
