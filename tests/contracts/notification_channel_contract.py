"""What every NotificationChannel keeps."""

from application.ports.notification_channel import NotificationChannel
from domain.notifications.channel import Channel


class NotificationChannelContract:
    """Subclass it and give fixtures `channel` (e-mail, providers `first` and `second`) and `empty` (push, none)."""

    def test_says_which_channel_it_is(self, channel: NotificationChannel, empty: NotificationChannel) -> None:
        assert channel.kind is Channel.EMAIL
        assert empty.kind is Channel.PUSH

    def test_providers_stand_in_the_order_of_a_round(self, channel: NotificationChannel) -> None:
        assert [provider.name for provider in channel.providers] == ["first", "second"]

    def test_providers_are_the_same_ones_every_time(self, channel: NotificationChannel) -> None:
        assert list(channel.providers) == list(channel.providers)

    def test_a_channel_may_have_no_provider(self, empty: NotificationChannel) -> None:
        assert len(empty.providers) == 0
