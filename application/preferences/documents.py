"""Preferences from JSON, with the words that there are."""

from domain.notifications.channel import Channel
from domain.notifications.content import Severity
from domain.preferences.preference import SubscriberPreferences, Switches
from domain.preferences.reading import PreferenceReader
from domain.shared.json import JsonObject
from domain.shared.problems import Problems


def preference_reader(problems: Problems) -> PreferenceReader:
    """A reader that knows our channels and severities."""
    return PreferenceReader(channels=tuple(Channel), severities=tuple(Severity), problems=problems)


def stored_preferences(document: JsonObject) -> SubscriberPreferences:
    """What `preferences_json` wrote once. What is no longer understood is passed over: it was refused if it was wrong
    when it was written.
    """
    return preference_reader(Problems()).preferences(document)


def stored_switches(document: JsonObject) -> Switches:
    """What `switches_json` wrote once, in the same way."""
    return preference_reader(Problems()).switches(document)
