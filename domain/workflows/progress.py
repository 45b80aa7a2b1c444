"""What comes next in a run: pure decisions over the step, what became of the earlier ones, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.shared.json import JsonObject
from domain.workflows.definition import WorkflowDefinition
from domain.workflows.json_logic import holds
from domain.workflows.json_logic_values import ConditionTooCostly
from domain.workflows.run import Run, Wait
from domain.workflows.steps import CHANNEL_STEPS, Escalation, Step

# How often a run looks whether a delivery that it waits for is over: after a share of the time it has waited.
SHORTEST_LOOK: Final = timedelta(seconds=0.25)
LONGEST_LOOK: Final = timedelta(seconds=30)
LOOK_SHARE: Final = 0.5

# What a step may do when its turn comes. `sent` of a delivery is final, and so is everything but these two.
_OPEN: Final = frozenset({"pending", "sending"})
_WORKED: Final = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What later steps know of an earlier one: `status` is its delivery's, or `completed` or `skipped`."""

    status: str
    reason: str | None = None
    seen: bool = False
    read: bool = False
    result: object = None

    def as_data(self) -> JsonObject:
        """As conditions and templates name it."""
        return {
            "status": self.status,
            "reason": self.reason,
            "seen": self.seen,
            "read": self.read,
            "result": self.result,
        }


Standings = Mapping[str, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """The step is left out."""

    reason: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The step waits."""

    wait: Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The step is run now."""


Verdict = Skip | Hold | Go


def verdict(
    definition: WorkflowDefinition, step: Step, run: Run, standings: Standings, data: JsonObject, now: datetime
) -> Verdict:
    """Whether the step at the run's position is run, left out, or waits.

    Its conditions are looked at when it would be run, and not again while a delay of its own lasts.
    """
    waits = _escalation(step, run, standings, now) or _routing(definition, step, run, standings, now)
    if waits is not None:
        return waits
    delayed = step.delay is not None and run.wait is not None
    return (None if delayed else _condition(step, data)) or Go()


def delay_of(run: Run, until: datetime, now: datetime) -> Hold | Go:
    """A delay step: waits until then, from the moment its turn came."""
    if run.wait is None:
        return Hold(wait=Wait(since=now, until=until, reason="delay")) if until > now else Go()
    return Hold(wait=run.wait) if run.wait.until > now else Go()


def _escalation(step: Step, run: Run, standings: Standings, now: datetime) -> Skip | Hold | None:
    """Waits for the earlier step to be seen; at once when it cannot be."""
    escalation = step.message.escalation if step.message else None
    if escalation is None:
        return None
    earlier, record = standings.get(escalation.step), run.steps.get(escalation.step)
    if earlier is None or record is None or earlier.status not in {_WORKED, *_OPEN}:
        return None
    if _was(earlier, escalation):
        words = f"{escalation.step} was {escalation.if_not}"
        return Skip(reason=f"escalation.{escalation.if_not}", because=words)
    until = record.at + escalation.after
    return Hold(wait=Wait(since=record.at, until=until, reason="escalation")) if until > now else None


def _was(earlier: Standing, escalation: Escalation) -> bool:
    return earlier.read or (earlier.seen and escalation.if_not == "seen")


def _routing(
    definition: WorkflowDefinition, step: Step, run: Run, standings: Standings, now: datetime
) -> Skip | Hold | None:
    """With `single` the first channel step that works is enough: later ones wait for what became of it."""
    if definition.routing != "single" or step.type not in CHANNEL_STEPS:
        return None
    channels = {each.key for each in definition.steps if each.type in CHANNEL_STEPS}
    earlier = {key: standing.status for key, standing in standings.items() if key in channels}
    for key, status in earlier.items():
        if status == _WORKED:
            return Skip(reason="routing.single", because=f"{key} has worked")
    if _OPEN.isdisjoint(earlier.values()):
        return None
    since = run.wait.since if run.wait else now
    look = min(max((now - since) * LOOK_SHARE, SHORTEST_LOOK), LONGEST_LOOK)
    return Hold(wait=Wait(since=since, until=now + look, reason="delivery"))


def _condition(step: Step, data: JsonObject) -> Skip | None:
    try:
        if step.run_if is not None and not holds(step.run_if, data):
            return Skip(reason="condition", because="its condition does not hold")
        if step.skip_if is not None and holds(step.skip_if, data):
            return Skip(reason="condition", because="its condition to skip holds")
    except ConditionTooCostly:
        return Skip(reason="condition.too_costly", because="its condition takes more steps than are allowed")
    return None
