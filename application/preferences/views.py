"""What callers see of preferences, beside what was set."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.notifications.channel import Channel
from domain.preferences.preference import SubscriberPreferences
from domain.preferences.resolution import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveView:
    """What was set, and what becomes of a message over each channel."""

    preferences: SubscriberPreferences
    decisions: Mapping[Channel, Decision]
