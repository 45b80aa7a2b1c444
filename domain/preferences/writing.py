"""Preferences as JSON: stored, answered and compared in this form."""

from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.hold import DEFAULT_HOLD, Hold
from domain.preferences.preference import NO_OPINION, PreferenceSet, SubscriberPreferences, Switches
from domain.preferences.quiet_hours import QuietHours
from domain.shared.json import JsonValue
from domain.shared.local_time import time_of_day_text
from domain.shared.moment import wire_time


def preferences_json(preferences: SubscriberPreferences) -> dict[str, JsonValue]:
    """What `PreferenceReader.preferences` reads, without what says nothing: no preferences are `{}`."""
    alone, quiet = preferences.do_not_disturb, preferences.quiet_hours
    return switches_json(preferences.switches) | _said(
        quietHours=_quiet_json(quiet) if quiet is not None else None,
        doNotDisturb=_alone_json(alone) if alone is not None else None,
    )


def switches_json(switches: Switches) -> dict[str, JsonValue]:
    """What `PreferenceReader.switches` reads. A scope without an opinion is left out."""
    scopes = {
        "workflows": {key: _set_json(each) for key, each in switches.workflows.items() if each != NO_OPINION},
        "categories": {tag: _set_json(each) for tag, each in switches.categories.items() if each != NO_OPINION},
    }
    return _said(**{"global": _set_json(switches.everything)}, **scopes)


def _said(**fields: JsonValue) -> dict[str, JsonValue]:
    return {name: value for name, value in fields.items() if value is not None and value != {}}


def _set_json(preference: PreferenceSet) -> JsonValue:
    return _said(enabled=preference.enabled, channels=dict(preference.channels))


def _quiet_json(quiet: QuietHours) -> JsonValue:
    weekly = {
        day: [{"start": time_of_day_text(each.start), "end": time_of_day_text(each.end)} for each in intervals]
        for day, intervals in quiet.weekly.items()
    }
    return {"enabled": quiet.enabled, "weekly": weekly} | _said(timezone=quiet.timezone) | _hold_json(quiet.hold)


def _alone_json(alone: DoNotDisturb) -> JsonValue:
    return {"until": wire_time(alone.until)} | _hold_json(alone.hold)


def _hold_json(hold: Hold) -> dict[str, JsonValue]:
    named = {"channels": (hold.channels, DEFAULT_HOLD.channels), "letThrough": (hold.let_through, frozenset[str]())}
    return {name: sorted(words) for name, (words, usual) in named.items() if words != usual}
