"""What is answered about preferences."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.http.preferences.schemas import QuietInterval
from app.http.wire import Time, time_text
from application.ports.preference_repository import LoggedChange
from application.preferences.views import EffectiveView
from domain.notifications.channel import Channel
from domain.notifications.content import Severity
from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.hold import Hold
from domain.preferences.preference import PreferenceSet, SubscriberPreferences, Switches
from domain.preferences.quiet_hours import QuietHours
from domain.preferences.resolution import Decision
from domain.shared.local_time import time_of_day_text

Reason = Annotated[str | None, Meta(description="The name of what forbids it, or holds it until `heldUntil`.")]
Flags = dict[Channel, bool]


class PreferenceSetBody(Struct, kw_only=True):
    """Of everything, a workflow or a category. Null, and a channel that is not named, has no opinion."""

    enabled: bool | None
    channels: Flags


class TenantPreferencesBody(Struct, kw_only=True):
    """The tenant's switches."""

    everything: PreferenceSetBody = field(name="global")
    workflows: dict[str, PreferenceSetBody]
    categories: dict[str, PreferenceSetBody]


class QuietHoursBody(Struct, kw_only=True, rename="camel"):
    """By weekday. `channels` are those that wait, `letThrough` the severities that do not."""

    enabled: bool
    timezone: str | None
    weekly: dict[str, list[QuietInterval]]
    channels: list[Channel]
    let_through: list[Severity]


class DoNotDisturbBody(Struct, kw_only=True, rename="camel"):
    """Until when, and of what."""

    until: Time
    channels: list[Channel]
    let_through: list[Severity]


class ChannelDecisionBody(Struct, kw_only=True, rename="camel"):
    """What would become of a message now, and `because` of what."""

    allowed: bool
    reason: Reason
    held_until: Time | None
    because: str


class PreferencesBody(TenantPreferencesBody, kw_only=True, rename="camel"):
    """What a subscriber wants to be told. `effective` is there when it was asked for."""

    quiet_hours: QuietHoursBody | None
    do_not_disturb: DoNotDisturbBody | None
    effective: dict[Channel, ChannelDecisionBody] | UnsetType = UNSET


class PreferenceChangeBody(Struct, kw_only=True):
    """One field, by its path; null is a field that was not there, or is no longer. `by` is `<kind>:<id>`."""

    at: Time
    by: str
    path: str
    # Any: whatever JSON the field holds.
    before: Any = field(name="from")
    after: Any = field(name="to")


def preferences_body(preferences: SubscriberPreferences) -> PreferencesBody:
    """What was set, as it is answered."""
    quiet, alone = preferences.quiet_hours, preferences.do_not_disturb
    return PreferencesBody(
        **_switches(preferences.switches),
        quiet_hours=_quiet(quiet) if quiet is not None else None,
        do_not_disturb=_alone(alone) if alone is not None else None,
    )


def effective_body(view: EffectiveView) -> PreferencesBody:
    """The same, with what it comes to."""
    body = preferences_body(view.preferences)
    body.effective = {channel: _decision(decision) for channel, decision in view.decisions.items()}
    return body


def defaults_body(switches: Switches) -> TenantPreferencesBody:
    """What a tenant has set, as it is answered."""
    return TenantPreferencesBody(**_switches(switches))


def change_body(logged: LoggedChange) -> PreferenceChangeBody:
    """An entry of the log as it is answered."""
    change = logged.change
    return PreferenceChangeBody(
        at=time_text(logged.at), by=logged.by, path=change.path, before=change.old, after=change.new
    )


def _switches(switches: Switches) -> dict[str, Any]:  # Any: field values of several types
    return {
        "everything": _set(switches.everything),
        "workflows": {key: _set(each) for key, each in switches.workflows.items()},
        "categories": {tag: _set(each) for tag, each in switches.categories.items()},
    }


def _set(preference: PreferenceSet) -> PreferenceSetBody:
    return PreferenceSetBody(enabled=preference.enabled, channels=_flags(preference.channels))


def _flags(channels: Mapping[str, bool]) -> Flags:
    return {channel: channels[channel] for channel in Channel if channel in channels}


def _quiet(quiet: QuietHours) -> QuietHoursBody:
    weekly = {
        day: [QuietInterval(start=time_of_day_text(each.start), end=time_of_day_text(each.end)) for each in intervals]
        for day, intervals in quiet.weekly.items()
    }
    return QuietHoursBody(enabled=quiet.enabled, timezone=quiet.timezone, weekly=weekly, **_hold(quiet.hold))


def _alone(alone: DoNotDisturb) -> DoNotDisturbBody:
    return DoNotDisturbBody(until=time_text(alone.until), **_hold(alone.hold))


def _hold(hold: Hold) -> dict[str, Any]:  # Any: as above
    return {
        "channels": [channel for channel in Channel if channel in hold.channels],
        "let_through": [severity for severity in Severity if severity in hold.let_through],
    }


def _decision(decision: Decision) -> ChannelDecisionBody:
    return ChannelDecisionBody(
        allowed=decision.allowed,
        reason=decision.reason,
        held_until=time_text(decision.held_until) if decision.held_until is not None else None,
        because=decision.because,
    )
