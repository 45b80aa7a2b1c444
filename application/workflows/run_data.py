"""What conditions and templates of a run can name."""

from collections.abc import Mapping
from typing import Final

from domain.notifications.notification import Notification
from domain.shared.json import JsonObject
from domain.subscribers.subscriber import Subscriber
from domain.workflows.progress import Standing
from domain.workflows.run import Run, StepOutcome

# The reasons of a digest step whose result is a digest: its window has closed, or nothing had to be gathered.
DIGEST_CLOSED: Final = "digest.closed"
DIGEST_AT_ONCE: Final = "digest.at_once"


def run_data(notification: Notification, subscriber: Subscriber, standings: Mapping[str, Standing]) -> JsonObject:
    """`payload`, `subscriber`, `actor` (its id), `steps`, `digest` (None before one), `severity`, `tags` and
    `notification`.
    """
    return {
        "payload": notification.payload,
        "subscriber": subscriber_data(subscriber),
        "actor": {"subscriberId": notification.actor} if notification.actor else None,
        "steps": {key: standing.as_data() for key, standing in standings.items()},
        "digest": _digest(standings),
        "severity": notification.severity.value,
        "tags": list(notification.tags),
        "notification": {"id": str(notification.id), "transactionId": notification.transaction_id},
    }


def _digest(standings: Mapping[str, Standing]) -> object:
    """The last digest before the step: with several in one workflow each has its own messages behind it."""
    results = [each.result for each in standings.values() if each.reason in (DIGEST_CLOSED, DIGEST_AT_ONCE)]
    return results[-1] if results else None


def subscriber_data(subscriber: Subscriber) -> JsonObject:
    """Everything but the contact points of `channels`, of which some are secrets."""
    return {
        "subscriberId": subscriber.subscriber_id,
        "email": subscriber.email,
        "phone": subscriber.phone,
        "firstName": subscriber.first_name,
        "lastName": subscriber.last_name,
        "avatar": subscriber.avatar,
        "locale": subscriber.locale,
        "timezone": subscriber.timezone,
        "data": subscriber.data,
    }


def recorded_standings(run: Run) -> dict[str, Standing]:
    """What a run itself knows of its steps: of a delivery no more than that there is one."""
    return {
        key: Standing(
            status="pending" if record.outcome is StepOutcome.HANDED_OVER else record.outcome.value,
            reason=record.reason,
            result=record.result,
        )
        for key, record in run.steps.items()
    }
