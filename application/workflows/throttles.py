"""Steps that let a run go on so often."""

from datetime import datetime
from typing import Final

from application.ports.step_window_repository import StepWindow
from application.workflows.scene import Advanced
from domain.shared.moment import wire_time
from domain.workflows.run import StepOutcome, StepRecord
from domain.workflows.throttle import ThrottleSettings, ThrottleWindow, throttle

THROTTLED: Final = "throttle"


def decide_throttle(advanced: Advanced, stored: StepWindow | None, now: datetime) -> ThrottleWindow:
    """Count the run, which goes on or is over with all that is left of it; returns the window to store."""
    ask = advanced.ask
    assert ask is not None, "it has asked for its window"
    step = ask.step.throttle
    assert step is not None, "a throttle step has a limit"
    settings = ThrottleSettings(limit=step.limit, window=step.window, key=step.key)
    decision = throttle(settings, stored if isinstance(stored, ThrottleWindow) else None, now)
    if decision.allowed:
        advanced.run = advanced.run.passed(ask.step.key, StepRecord(outcome=StepOutcome.COMPLETED, at=now))
    else:
        because = f"{step.limit} have gone before, and the next may from {wire_time(decision.resets_at)}"
        advanced.leave_out((ask.step.key, *ask.rest), THROTTLED, because, now)
    return decision.window
