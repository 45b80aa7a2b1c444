"""How the settings want each channel to be run."""

from application.notifications.channel_policy import ChannelPolicies, ChannelPolicy
from domain.notifications.channel import Channel
from domain.notifications.rounds import RetrySchedule
from infrastructure.config.notification import ChannelSettings, NotificationSettings


def channel_policies(settings: NotificationSettings, *, console: bool) -> ChannelPolicies:
    """One policy per channel; when notifications are off as a whole, every channel is.

    Channels for which no provider is configured print to the `console`: for looking at while developing, never in
    earnest, where the answer `sent` would be a lie. Without it they are off.
    """
    idle = frozenset() if console else {name for name, configured in settings.providers.items() if not configured}
    return {
        channel: _policy(getattr(settings, channel.value), on=settings.enabled and channel.value not in idle)
        for channel in Channel
    }


def _policy(settings: ChannelSettings, *, on: bool) -> ChannelPolicy:
    return ChannelPolicy(
        enabled=on and settings.enabled,
        queue=settings.queue,
        schedule=RetrySchedule(
            tuple(settings.backoff[min(wait, len(settings.backoff) - 1)] for wait in range(settings.attempts - 1))
        ),
    )
