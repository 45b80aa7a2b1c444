"""What callers write of preferences as JSON. The rules of the domain read it; this is how it is described."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType, field

from domain.notifications.channel import Channel
from domain.notifications.content import Severity

# Any: free JSON, which the rules of the domain read.
FreeJson = dict[str, Any]
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")]
Waiting = Annotated[
    list[Channel], Meta(max_length=6, description="What waits. Without it: push, sms, chat and webhook.")
]
LetThrough = Annotated[list[Severity], Meta(max_length=4, description="The severities that do not wait.")]

EXAMPLE: Final = {
    "global": {"channels": {"sms": False}},
    "workflows": {"order-shipped": {"channels": {"email": True}}},
    "categories": {"marketing": {"enabled": False}},
    "quietHours": {"weekly": {"monday": [{"start": "22:00", "end": "07:00"}]}, "letThrough": ["high"]},
}
EXAMPLE_OF_DEFAULTS: Final = {"categories": {"marketing": {"enabled": False}}}


class ChannelSwitches(Struct, kw_only=True, forbid_unknown_fields=True):
    """By channel; null takes a switch away."""

    in_app: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET
    sms: bool | UnsetType | None = UNSET
    push: bool | UnsetType | None = UNSET
    chat: bool | UnsetType | None = UNSET
    webhook: bool | UnsetType | None = UNSET


class ScopeSwitches(Struct, kw_only=True, forbid_unknown_fields=True):
    """Of everything, a workflow or a category: a switch for all channels, and one for each."""

    enabled: bool | UnsetType | None = UNSET
    channels: ChannelSwitches | UnsetType | None = UNSET


Key = Annotated[str, Meta(min_length=1, max_length=64)]
ByKey = Annotated[dict[Key, ScopeSwitches | None], Meta(description="At most 1,000 in all.")]


class QuietInterval(Struct, kw_only=True, forbid_unknown_fields=True):
    """From a time of day to another; one that does not end after its start runs into the next day."""

    start: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
    end: Clock


Intervals = Annotated[list[QuietInterval], Meta(max_length=24)]


class QuietWeek(Struct, kw_only=True, forbid_unknown_fields=True):
    """The quiet times of each day."""

    monday: Intervals | UnsetType | None = UNSET
    tuesday: Intervals | UnsetType | None = UNSET
    wednesday: Intervals | UnsetType | None = UNSET
    thursday: Intervals | UnsetType | None = UNSET
    friday: Intervals | UnsetType | None = UNSET
    saturday: Intervals | UnsetType | None = UNSET
    sunday: Intervals | UnsetType | None = UNSET


class QuietHoursFields(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When to wait, week by week."""

    enabled: bool | UnsetType | None = UNSET
    timezone: (
        Annotated[str, Meta(min_length=1, max_length=64, description="An IANA zone. Without it: the subscriber's.")]
        | UnsetType
        | None
    ) = UNSET
    weekly: QuietWeek | UnsetType | None = UNSET
    channels: Waiting | UnsetType | None = UNSET
    let_through: LetThrough | UnsetType | None = UNSET


class DoNotDisturbFields(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Being left alone once, until a moment."""

    until: (
        Annotated[str, Meta(description="RFC 3339 with its zone.", extra_json_schema={"format": "date-time"})]
        | UnsetType
    ) = UNSET
    channels: Waiting | UnsetType | None = UNSET
    let_through: LetThrough | UnsetType | None = UNSET


class PutPreferenceDefaultsBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """All of the tenant's switches: what is left out has no opinion."""

    everything: ScopeSwitches | UnsetType | None = field(default=UNSET, name="global")
    workflows: ByKey | UnsetType | None = UNSET
    categories: ByKey | UnsetType | None = UNSET


class PatchPreferencesBody(PutPreferenceDefaultsBody, kw_only=True, rename="camel"):
    """What changes (RFC 7396): a field that is left out stays, null takes one away, objects are gone into."""

    quiet_hours: QuietHoursFields | UnsetType | None = UNSET
    do_not_disturb: DoNotDisturbFields | UnsetType | None = UNSET
