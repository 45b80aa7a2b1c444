"""Whether somebody is told something over a channel, and when: who is asked, in which order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from domain.preferences.do_not_disturb import held_until
from domain.preferences.preference import NO_OPINION, PreferenceSet, SubscriberPreferences, Switches

# The switches, the most specific one first: the first that has an opinion decides. Of a delivery that is not sent, the
# name is the reason. Within a category the switch of the channel goes before the category's own; of several categories
# one that says no is enough.
RULES: Final[Mapping[str, str]] = {
    "preference.workflow_channel": "the subscriber's switch for this channel of this workflow",
    "preference.workflow": "the subscriber's switch for this workflow",
    "preference.category_channel": "the subscriber's switch for this channel of a category",
    "preference.category": "the subscriber's switch for a category",
    "preference.channel": "the subscriber's switch for this channel",
    "preference.global": "the subscriber's switch for everything",
    "preference.tenant_workflow_channel": "the tenant's switch for this channel of this workflow",
    "preference.tenant_workflow": "the tenant's switch for this workflow",
    "preference.tenant_category_channel": "the tenant's switch for this channel of a category",
    "preference.tenant_category": "the tenant's switch for a category",
    "preference.tenant_channel": "the tenant's switch for this channel",
    "preference.tenant_global": "the tenant's switch for everything",
    "preference.workflow_default_channel": "the workflow's default for this channel",
    "preference.workflow_default": "the workflow's default",
}
ON: Final = "on, because nobody said otherwise"
CRITICAL: Final = "critical: the subscriber's switches, quiet hours and do-not-disturb are not asked"

DO_NOT_DISTURB: Final = "preference.do_not_disturb"
QUIET_HOURS: Final = "preference.quiet_hours"

_SUBSCRIBER, _TENANT = "preference.", "preference.tenant_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is about to be sent. `workflow` is None for inline content; `defaults` are the workflow's own."""

    channel: str
    workflow: str | None = None
    tags: tuple[str, ...] = ()
    critical: bool = False
    severity: str = "none"
    defaults: PreferenceSet = NO_OPINION


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`reason` is None when it is sent at once: else the name of what forbids it or holds it until `held_until`.
    `because` says in words for a reader what decided.
    """

    allowed: bool
    reason: str | None = None
    held_until: datetime | None = None
    because: str


def decide(
    proposal: Proposal,
    tenant: Switches,
    subscriber: SubscriberPreferences,
    *,
    zone: tzinfo,
    now: datetime,
    waiting_since: datetime | None = None,
) -> Decision:
    """What becomes of a proposal now. `zone` is the subscriber's; `waiting_since` is when the message was first held,
    None for one that was not.
    """
    rule, allowed = next(_answers(proposal, tenant, subscriber), (None, True))
    because = f"{RULES[rule]} is {'on' if allowed else 'off'}" if rule is not None else ON
    if not allowed:
        return Decision(allowed=False, reason=rule, because=because)
    if proposal.critical:
        return Decision(allowed=True, because=CRITICAL)
    return _held(proposal, subscriber, zone, now, waiting_since) or Decision(allowed=True, because=because)


def _answers(proposal: Proposal, tenant: Switches, subscriber: SubscriberPreferences) -> Iterator[tuple[str, bool]]:
    """The opinions there are, the most specific one first, each with the name of its rule."""
    if not proposal.critical:
        yield from _answers_of(subscriber.switches, proposal, _SUBSCRIBER)
    yield from _answers_of(tenant, proposal, _TENANT)
    yield from _opinion(proposal.defaults, proposal.channel, "preference.workflow_default")


def _answers_of(switches: Switches, proposal: Proposal, who: str) -> Iterator[tuple[str, bool]]:
    if proposal.workflow is not None and (own := switches.workflows.get(proposal.workflow)):
        yield from _opinion(own, proposal.channel, f"{who}workflow")
    yield from _category_answer(switches, proposal, f"{who}category")
    channel = switches.everything.channels.get(proposal.channel)
    if channel is not None:
        yield f"{who}channel", channel
    if switches.everything.enabled is not None:
        yield f"{who}global", switches.everything.enabled


def _opinion(preference: PreferenceSet, channel: str, rule: str) -> Iterator[tuple[str, bool]]:
    chosen = preference.channels.get(channel)
    if chosen is not None:
        yield f"{rule}_channel", chosen
    elif preference.enabled is not None:
        yield rule, preference.enabled


def _category_answer(switches: Switches, proposal: Proposal, rule: str) -> Iterator[tuple[str, bool]]:
    """The opinion of the categories: a no before a yes, and of two alike the one about the channel."""
    known = (switches.categories[tag] for tag in proposal.tags if tag in switches.categories)
    found = [answer for each in known for answer in _opinion(each, proposal.channel, rule)]
    if found:
        yield min(found, key=lambda answer: (answer[1], answer[0] == rule))


def _held(
    proposal: Proposal,
    subscriber: SubscriberPreferences,
    zone: tzinfo,
    now: datetime,
    waiting_since: datetime | None,
) -> Decision | None:
    alone, quiet = subscriber.do_not_disturb, subscriber.quiet_hours
    if alone is not None and not alone.hold.keeps(proposal.channel, proposal.severity):
        alone = None
    if quiet is not None and not quiet.hold.keeps(proposal.channel, proposal.severity):
        quiet = None
    until = held_until(alone, quiet, zone, now, waiting_since=waiting_since)
    if until is None:
        return None
    disturbed = alone is not None and alone.until > now
    return Decision(
        allowed=True,
        reason=DO_NOT_DISTURB if disturbed else QUIET_HOURS,
        held_until=until,
        because="the subscriber does not want to be disturbed" if disturbed else "the subscriber has quiet hours",
    )
