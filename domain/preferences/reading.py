"""Preferences from JSON, as callers write them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.hold import DEFAULT_HOLD, Hold
from domain.preferences.preference import NO_OPINION, PreferenceSet, SubscriberPreferences, Switches
from domain.preferences.quiet_hours import WEEKDAYS, QuietHours, QuietInterval
from domain.shared.json import JsonObject, JsonValue, problem_with_text
from domain.shared.local_time import MINUTES_A_DAY, read_time_of_day, zone_named
from domain.shared.problems import Problems
from domain.shared.reading import (
    is_object,
    path_to,
    read_choice,
    read_flag,
    read_list,
    read_moment,
    read_object,
    read_text,
)

MOST_SCOPES: Final = 1_000
LONGEST_KEY: Final = 64
MOST_INTERVALS_A_DAY: Final = 24

_SWITCHES: Final = ("global", "workflows", "categories")
_HOLD: Final = ("channels", "letThrough")
_LONGEST_ZONE: Final = 64
# The calendar ends with 9999: a moment there would leave no room for the quiet hours that follow it.
_LAST_YEAR: Final = 9998


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceReader:
    """Reads what is right and adds to `problems` what is not, by path in wire spelling. `channels` and `severities`
    are the words that there are.
    """

    channels: Collection[str]
    severities: Collection[str]
    problems: Problems

    def preferences(self, value: JsonValue, path: str = "") -> SubscriberPreferences:
        """`{global?, workflows?, categories?, quietHours?, doNotDisturb?}`; null is as good as left out."""
        fields = read_object(value, path, self.problems, known=(*_SWITCHES, "quietHours", "doNotDisturb"))
        return SubscriberPreferences(
            switches=self._switches_of(fields, path),
            quiet_hours=self.quiet_hours(fields.get("quietHours"), path_to(path, "quietHours")),
            do_not_disturb=self.do_not_disturb(fields.get("doNotDisturb"), path_to(path, "doNotDisturb")),
        )

    def switches(self, value: JsonValue, path: str = "") -> Switches:
        """`{global?, workflows?, categories?}`: what a tenant sets for its subscribers."""
        return self._switches_of(read_object(value, path, self.problems, known=_SWITCHES), path)

    def preference_set(self, value: JsonValue, path: str) -> PreferenceSet:
        """`{enabled?, channels?}`."""
        fields = read_object(value, path, self.problems, known=("enabled", "channels"))
        below = path_to(path, "channels")
        channels = read_object(fields.get("channels"), below, self.problems, known=self.channels)
        flags = {name: read_flag(channels[name], path_to(below, name), self.problems) for name in channels}
        return PreferenceSet(
            enabled=read_flag(fields.get("enabled"), path_to(path, "enabled"), self.problems),
            channels={name: flag for name, flag in flags.items() if flag is not None},
        )

    def quiet_hours(self, value: JsonValue, path: str) -> QuietHours | None:
        """`{enabled?, timezone?, weekly?, channels?, letThrough?}`; None for null."""
        if value is None:
            return None
        fields = read_object(value, path, self.problems, known=("enabled", "timezone", "weekly", *_HOLD))
        enabled = read_flag(fields.get("enabled"), path_to(path, "enabled"), self.problems)
        zone = read_text(fields.get("timezone"), path_to(path, "timezone"), self.problems, longest=_LONGEST_ZONE)
        if zone is not None and zone_named(zone) is None:
            self.problems.add(path_to(path, "timezone"), "is not an IANA time zone")
        below = path_to(path, "weekly")
        weekly = read_object(fields.get("weekly"), below, self.problems, known=WEEKDAYS)
        days = {day: self._intervals(weekly.get(day), path_to(below, day)) for day in WEEKDAYS}
        return QuietHours(
            enabled=enabled is not False,
            timezone=zone,
            weekly={day: intervals for day, intervals in days.items() if intervals},
            hold=self._hold(fields, path),
        )

    def do_not_disturb(self, value: JsonValue, path: str) -> DoNotDisturb | None:
        """`{until, channels?, letThrough?}`; None for null."""
        if value is None or not is_object(value, path, self.problems):
            return None
        fields = read_object(value, path, self.problems, known=("until", *_HOLD))
        if fields.get("until") is None:
            self.problems.add(path_to(path, "until"), "is required")
            return None
        until, hold = read_moment(fields["until"], path_to(path, "until"), self.problems), self._hold(fields, path)
        if until is None:
            return None
        self.problems.check(until.year <= _LAST_YEAR, path_to(path, "until"), "lies too far ahead")
        return DoNotDisturb(until=until, hold=hold)

    def _switches_of(self, fields: JsonObject, path: str) -> Switches:
        return Switches(
            everything=self.preference_set(fields.get("global"), path_to(path, "global")),
            workflows=self._by_key(fields.get("workflows"), path_to(path, "workflows")),
            categories=self._by_key(fields.get("categories"), path_to(path, "categories")),
        )

    def _by_key(self, value: JsonValue, path: str) -> Mapping[str, PreferenceSet]:
        scopes = read_object(value, path, self.problems)
        if not self.problems.check(len(scopes) <= MOST_SCOPES, path, f"has more than {MOST_SCOPES} entries"):
            return {}
        fitting = {key: value for key, value in scopes.items() if self._is_key(key, path)}
        found = {key: self.preference_set(value, path_to(path, key)) for key, value in fitting.items()}
        return {key: preference for key, preference in found.items() if preference != NO_OPINION}

    def _is_key(self, key: str, path: str) -> bool:
        fits = 1 <= len(key) <= LONGEST_KEY and problem_with_text(key) is None
        return self.problems.check(fits, path, f"has a key that is no text of 1 to {LONGEST_KEY} characters")

    def _intervals(self, value: JsonValue, path: str) -> tuple[QuietInterval, ...]:
        entries = read_list(value, path, self.problems, most=MOST_INTERVALS_A_DAY)
        found = (self._interval(entry, f"{path}[{index}]") for index, entry in enumerate(entries))
        return tuple(interval for interval in found if interval is not None)

    def _interval(self, value: JsonValue, path: str) -> QuietInterval | None:
        if not is_object(value, path, self.problems):
            return None
        fields = read_object(value, path, self.problems, known=("start", "end"))
        start = self._time(fields.get("start"), path_to(path, "start"), latest=MINUTES_A_DAY - 1)
        end = self._time(fields.get("end"), path_to(path, "end"), latest=MINUTES_A_DAY)
        return QuietInterval(start=start, end=end) if start is not None and end is not None else None

    def _time(self, value: JsonValue, path: str, *, latest: int) -> int | None:
        minutes = read_time_of_day(value) if isinstance(value, str) else None
        if minutes is not None and minutes <= latest:
            return minutes
        self.problems.add(
            path, "is not a time of day from 00:00 to " + ("24:00" if latest == MINUTES_A_DAY else "23:59")
        )
        return None

    def _hold(self, fields: JsonObject, path: str) -> Hold:
        channels = self._words(fields.get("channels"), path_to(path, "channels"), self.channels)
        severities = self._words(fields.get("letThrough"), path_to(path, "letThrough"), self.severities)
        return Hold(
            channels=channels if channels is not None else DEFAULT_HOLD.channels,
            let_through=severities if severities is not None else DEFAULT_HOLD.let_through,
        )

    def _words(self, value: JsonValue, path: str, among: Collection[str]) -> frozenset[str] | None:
        if value is None:
            return None
        entries = read_list(value, path, self.problems, most=len(among))
        for index, entry in enumerate(entries):
            self.problems.check(entry is not None, f"{path}[{index}]", "must not be null")
        words = (
            read_choice(entry, f"{path}[{index}]", self.problems, among=among) for index, entry in enumerate(entries)
        )
        return frozenset(word for word in words if word is not None)
