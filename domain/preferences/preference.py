"""What people want to be told, and over which channels: the switches and who set them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceSet:
    """Switches of one scope. What is None, or a channel not named, has no opinion and leaves the question to whoever
    is asked next; true is an opinion and ends it, as false does.
    """

    enabled: bool | None = None
    channels: Mapping[str, bool] = field(default_factory=dict)


NO_OPINION = PreferenceSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """All the switches that a tenant or a subscriber has set: for everything (`global` on the wire), by workflow key
    and by category, which is a tag.
    """

    everything: PreferenceSet = NO_OPINION
    workflows: Mapping[str, PreferenceSet] = field(default_factory=dict)
    categories: Mapping[str, PreferenceSet] = field(default_factory=dict)


NO_SWITCHES = Switches()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberPreferences:
    """A subscriber's switches, and when they want to be left alone."""

    switches: Switches = NO_SWITCHES
    quiet_hours: QuietHours | None = None
    do_not_disturb: DoNotDisturb | None = None


NO_PREFERENCES = SubscriberPreferences()
