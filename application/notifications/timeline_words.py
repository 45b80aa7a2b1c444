"""What happened to a notification, in plain English."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from application.notifications.views import AttemptView, DeliveryView
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import OPEN
from domain.notifications.notification_status import Counts
from domain.shared.local_time import wall_time, zone_named
from domain.workflows.run import Run, StepRecord

# Longest part of a provider's answer in a sentence; the whole of it stands beside.
LONGEST: Final = 200
_REASONS: Final[Mapping[str, str]] = {
    "cancelled": "the notification was called off",
    "condition": "its condition does not hold",
    "delay": "a delay",
    "delivery": "what becomes of an earlier delivery",
    "dry_run": "it is a dry run",
    "endpoint_disabled": "the endpoint is switched off",
    "escalation": "whether an earlier step is noticed",
    "expired": "its time was over",
    "no_contact_point": "the subscriber has no address for it",
    "poison": "it killed the workers that sent it",
    "preference.quiet_hours": "quiet hours",
    "preference.workflow_default": "the workflow has it off unless the subscriber wants it",
    "rounds_exhausted": "every round was in vain",
    "secret_unreadable": "its secret cannot be read",
    "subscriber_deleted": "the subscriber was deleted",
    "workflow_missing": "its workflow is missing",
}
_ANSWERS: Final[Mapping[str, str]] = {
    AttemptOutcome.OK: "{who} took it",
    AttemptOutcome.RETRYABLE: "{who} could not take it",
    AttemptOutcome.THROTTLED: "{who} is busy",
    AttemptOutcome.PROVIDER_PERMANENT: "{who} cannot be used",
    AttemptOutcome.RECIPIENT_PERMANENT: "{who} refused the recipient",
    AttemptOutcome.AMBIGUOUS: "{who} may have taken it",
    AttemptOutcome.ABANDONED: "the worker that was sending it died",
}


def reason_words(reason: str | None, because: str | None = None) -> str:
    """Why, for a reader: `because` where somebody wrote it down, else the stable word spelled out."""
    if because is not None and because != reason:
        return because
    return _REASONS.get(reason or "", (reason or "").replace(".", ": ").replace("_", " "))


def with_reason(text: str, reason: str | None, because: str | None = None) -> str:
    """`text: why`, or `text` alone when there is no reason."""
    return f"{text}: {reason_words(reason, because)}" if reason or because else text


def moment_words(moment: datetime, timezone: str | None) -> str:
    """As a clock of the subscriber's shows it, where its zone is known, else in UTC."""
    zone = zone_named(timezone) if timezone else None
    if zone is None:
        return f"{moment:%Y-%m-%d %H:%M} UTC"
    return f"{wall_time(moment, zone):%Y-%m-%d %H:%M} {timezone}"


def wait_words(run: Run, timezone: str | None) -> str:
    """What a run waits for."""
    assert run.wait is not None, "only a run that waits has something to say"
    return f"held until {moment_words(run.wait.until, timezone)}: {reason_words(run.wait.reason)}"


def step_words(record: StepRecord) -> str:
    """What became of a step that is no delivery."""
    return with_reason(record.outcome.value, record.reason, record.because)


def attempt_words(attempt: AttemptView, following: AttemptView | None, delivery: DeliveryView) -> str:
    """What a provider said, and what came of that."""
    said = _ANSWERS[attempt.outcome].format(who=attempt.provider or "a provider")
    answer = attempt.detail or attempt.error_code or attempt.status_code
    sentence = f"{said}: {_first_line(str(answer))}" if answer is not None else said
    further = _further(attempt, following, delivery)
    return f"{sentence}; {further}" if further else sentence


def _further(attempt: AttemptView, following: AttemptView | None, delivery: DeliveryView) -> str | None:
    if attempt.outcome == AttemptOutcome.OK:
        return None
    if following is not None:
        return "trying the next provider" if following.round == attempt.round else "trying again"
    if delivery.status not in OPEN:
        return None
    due = delivery.next_attempt_at
    return f"trying again at {moment_words(due, None)}" if due is not None else "trying again"


def ended_words(delivery: DeliveryView, because: str | None) -> str:
    """How a delivery ended."""
    if delivery.channel == Channel.IN_APP and delivery.status == "sent":
        return "in the inbox"
    return with_reason(delivery.status, delivery.reason, because)


def totals_words(counts: Counts) -> str:
    """How many deliveries stand how."""
    known = [(name, getattr(counts, name)) for name in Counts.__slots__]
    told = ", ".join(f"{number} {name}" for name, number in known if number)
    return f"{counts.total} deliveries: {told}" if told else "no deliveries"


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0].rstrip()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
