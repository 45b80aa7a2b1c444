"""Who is asked whether somebody is told something, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.hold import HELD_BY_DEFAULT, Hold
from domain.preferences.preference import (
    NO_OPINION,
    NO_PREFERENCES,
    NO_SWITCHES,
    PreferenceSet,
    SubscriberPreferences,
    Switches,
)
from domain.preferences.quiet_hours import WEEKDAYS, QuietHours, QuietInterval
from domain.preferences.resolution import CRITICAL, ON, RULES, Decision, Proposal, decide

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 6, 1, 23, tzinfo=UTC)
MORNING = datetime(2026, 6, 2, 7, tzinfo=UTC)
PROPOSAL = Proposal(channel="push", workflow="shipped", tags=("orders",))
NIGHTS = QuietHours(weekly=dict.fromkeys(WEEKDAYS, (QuietInterval(start=22 * 60, end=7 * 60),)))

# Written out a second time by hand, in the order that is promised: where each switch is kept.
Path = tuple[str, ...]
ORDER: dict[str, Path] = {
    "preference.workflow_channel": ("subscriber", "workflows", "shipped", "push"),
    "preference.workflow": ("subscriber", "workflows", "shipped", ""),
    "preference.category_channel": ("subscriber", "categories", "orders", "push"),
    "preference.category": ("subscriber", "categories", "orders", ""),
    "preference.channel": ("subscriber", "everything", "", "push"),
    "preference.global": ("subscriber", "everything", "", ""),
    "preference.tenant_workflow_channel": ("tenant", "workflows", "shipped", "push"),
    "preference.tenant_workflow": ("tenant", "workflows", "shipped", ""),
    "preference.tenant_category_channel": ("tenant", "categories", "orders", "push"),
    "preference.tenant_category": ("tenant", "categories", "orders", ""),
    "preference.tenant_channel": ("tenant", "everything", "", "push"),
    "preference.tenant_global": ("tenant", "everything", "", ""),
    "preference.workflow_default_channel": ("workflow", "", "", "push"),
    "preference.workflow_default": ("workflow", "", "", ""),
}
SUBSCRIBERS_OWN = list(ORDER)[:6]


def preference_set(flags: dict[str, bool]) -> PreferenceSet:
    return PreferenceSet(enabled=flags.get(""), channels={name: flag for name, flag in flags.items() if name})


def decided(flags: dict[str, bool], *, critical: bool = False, now: datetime = NOON) -> Decision:
    """The decision when the switches of those rules are set, and no other."""
    kept: dict[Path, dict[str, bool]] = {}
    for rule, flag in flags.items():
        *place, channel = ORDER[rule]
        kept.setdefault(tuple(place), {})[channel] = flag

    def scopes(owner: str, scope: str) -> dict[str, PreferenceSet]:
        return {
            key: preference_set(found) for (who, where, key), found in kept.items() if (who, where) == (owner, scope)
        }

    def of(owner: str) -> Switches:
        return Switches(
            everything=scopes(owner, "everything").get("", NO_OPINION),
            workflows=scopes(owner, "workflows"),
            categories=scopes(owner, "categories"),
        )

    defaults = scopes("workflow", "").get("", NO_OPINION)
    proposal = replace(PROPOSAL, defaults=defaults, critical=critical)
    return decide(proposal, of("tenant"), SubscriberPreferences(switches=of("subscriber")), zone=UTC, now=now)


def test_rules_are_listed_in_the_order_in_which_they_are_asked() -> None:
    assert list(RULES) == list(ORDER)


@pytest.mark.parametrize("rule", ORDER)
def test_switch_forbids_and_is_named_when_it_alone_is_off(rule: str) -> None:
    decision = decided({rule: False})

    assert decision == Decision(allowed=False, reason=rule, because=f"{RULES[rule]} is off")
    assert decided({rule: True}) == Decision(allowed=True, because=f"{RULES[rule]} is on")


@pytest.mark.parametrize(("first", "second"), list(combinations(ORDER, 2)))
def test_more_specific_switch_decides_when_two_disagree(first: str, second: str) -> None:
    assert decided({first: True, second: False}).allowed
    assert decided({first: False, second: True}).reason == first


@given(st.dictionaries(st.sampled_from(list(ORDER)), st.booleans()))
def test_first_switch_of_the_table_decides_when_any_are_set(flags: dict[str, bool]) -> None:
    first = next((rule for rule in ORDER if rule in flags), None)

    decision = decided(flags)

    assert decision.allowed == (flags[first] if first else True)
    assert decision.because == (f"{RULES[first]} is {'on' if flags[first] else 'off'}" if first else ON)


@given(st.dictionaries(st.sampled_from(list(ORDER)), st.booleans()), st.sampled_from([NOON, NIGHT]))
def test_subscriber_is_not_asked_when_the_workflow_is_critical(flags: dict[str, bool], now: datetime) -> None:
    others = {rule: flag for rule, flag in flags.items() if rule not in SUBSCRIBERS_OWN}

    decision = decided(flags, critical=True, now=now)

    assert decision == decided(others, critical=True, now=now)
    assert decision.because == CRITICAL if decision.allowed else decision.reason in ORDER
    assert decision.held_until is None


CATEGORY_RULES: list[tuple[dict[str, PreferenceSet], str | None]] = [
    ({"a": PreferenceSet(enabled=True), "b": PreferenceSet(enabled=False)}, "preference.category"),
    ({"a": PreferenceSet(channels={"push": True}), "b": PreferenceSet(enabled=False)}, "preference.category"),
    ({"a": PreferenceSet(enabled=True), "b": PreferenceSet(channels={"push": False})}, "preference.category_channel"),
    ({"a": PreferenceSet(enabled=False), "b": PreferenceSet(channels={"push": False})}, "preference.category_channel"),
    ({"a": PreferenceSet(enabled=False, channels={"push": True}), "b": PreferenceSet(enabled=True)}, None),
    ({"a": PreferenceSet(channels={"sms": False}), "c": PreferenceSet(enabled=False)}, None),
]


@pytest.mark.parametrize(("categories", "reason"), CATEGORY_RULES)
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_any_no_wins_when_several_categories_match(
    categories: dict[str, PreferenceSet], reason: str | None, order: tuple[str, ...]
) -> None:
    subscriber = SubscriberPreferences(switches=Switches(categories=categories))

    decision = decide(replace(PROPOSAL, tags=order), NO_SWITCHES, subscriber, zone=UTC, now=NOON)

    assert (decision.allowed, decision.reason) == (reason is None, reason)


def test_workflow_switches_are_not_asked_when_there_is_no_workflow() -> None:
    subscriber = SubscriberPreferences(switches=Switches(workflows={"shipped": PreferenceSet(enabled=False)}))

    assert decide(replace(PROPOSAL, workflow=None), NO_SWITCHES, subscriber, zone=UTC, now=NOON).allowed


def during_the_night(proposal: Proposal, **changes: object) -> Decision:
    subscriber = replace(SubscriberPreferences(quiet_hours=NIGHTS), **changes)  # type: ignore[arg-type]
    return decide(proposal, NO_SWITCHES, subscriber, zone=UTC, now=NIGHT)


@pytest.mark.parametrize("channel", ["in_app", "email", "sms", "push", "chat", "webhook"])
def test_noisy_channels_wait_when_hours_are_quiet(channel: str) -> None:
    decision = during_the_night(replace(PROPOSAL, channel=channel))

    assert decision.allowed
    assert decision.held_until == (MORNING if channel in HELD_BY_DEFAULT else None)
    assert decision.reason == ("preference.quiet_hours" if channel in HELD_BY_DEFAULT else None)
    assert {"push", "sms", "chat", "webhook"} == HELD_BY_DEFAULT


def test_chosen_channels_wait_when_the_schedule_names_them() -> None:
    own = replace(NIGHTS, hold=Hold(channels=frozenset({"in_app"})))

    assert during_the_night(replace(PROPOSAL, channel="in_app"), quiet_hours=own).held_until == MORNING
    assert during_the_night(replace(PROPOSAL, channel="push"), quiet_hours=own).held_until is None


def test_severity_goes_through_when_the_schedule_lets_it() -> None:
    own = replace(NIGHTS, hold=Hold(let_through=frozenset({"high"})))

    assert during_the_night(replace(PROPOSAL, severity="high"), quiet_hours=own).held_until is None
    assert during_the_night(replace(PROPOSAL, severity="low"), quiet_hours=own).held_until == MORNING


@pytest.mark.parametrize(
    ("alone_holds", "quiet_holds", "hours", "reason"),
    [
        (True, True, 8, "preference.do_not_disturb"),
        (True, False, 1, "preference.do_not_disturb"),
        (False, True, 8, "preference.quiet_hours"),
        (False, False, None, None),
    ],
)
def test_only_what_holds_the_channel_counts_when_both_are_on(
    alone_holds: bool, quiet_holds: bool, hours: int | None, reason: str | None
) -> None:
    def hold(on: bool) -> Hold:
        return Hold(channels=frozenset({"push"} if on else {"sms"}))

    decision = during_the_night(
        PROPOSAL,
        quiet_hours=replace(NIGHTS, hold=hold(quiet_holds)),
        do_not_disturb=DoNotDisturb(until=NIGHT + timedelta(hours=1), hold=hold(alone_holds)),
    )

    assert decision.held_until == (NIGHT + timedelta(hours=hours) if hours else None)
    assert decision.reason == reason


def test_quiet_hours_are_the_reason_when_do_not_disturb_is_over() -> None:
    decision = during_the_night(PROPOSAL, do_not_disturb=DoNotDisturb(until=NIGHT))

    assert (decision.reason, decision.held_until) == ("preference.quiet_hours", MORNING)


def test_nothing_waits_when_it_is_forbidden_or_critical() -> None:
    off = Switches(everything=PreferenceSet(enabled=False))

    forbidden, critical = during_the_night(PROPOSAL, switches=off), during_the_night(replace(PROPOSAL, critical=True))

    assert (forbidden.allowed, forbidden.held_until, forbidden.reason) == (False, None, "preference.global")
    assert critical == Decision(allowed=True, because=CRITICAL)


def test_message_goes_out_when_it_has_waited_for_a_week() -> None:
    always = SubscriberPreferences(
        quiet_hours=QuietHours(weekly=dict.fromkeys(WEEKDAYS, (QuietInterval(start=0, end=1_440),)))
    )

    def ask(now: datetime) -> Decision:
        return decide(PROPOSAL, NO_SWITCHES, always, zone=UTC, now=now, waiting_since=NOON)

    assert ask(NOON + timedelta(days=6)).held_until == NOON + timedelta(days=7)
    assert ask(NOON + timedelta(days=7)).held_until is None


def test_it_is_sent_when_nobody_said_anything() -> None:
    assert decide(PROPOSAL, NO_SWITCHES, NO_PREFERENCES, zone=UTC, now=NIGHT) == Decision(allowed=True, because=ON)
