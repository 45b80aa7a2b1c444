"""What an address says about one kind of contact point, and reports about addresses that say nothing."""

from collections.abc import Mapping

from application.ports.notification_channel import JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome


def point_of(message: OutboundMessage, kind: str) -> Mapping[str, JsonValue]:
    """The recipient's contact point of this kind; empty without one."""
    point = message.address.get(kind)
    return point if isinstance(point, Mapping) else {}


def text_at(point: Mapping[str, JsonValue], name: str) -> str | None:
    """The field as a text without spaces around it; None when it is anything else or empty."""
    value = point.get(name)
    return (value.strip() or None) if isinstance(value, str) else None


def replaced_message(message: OutboundMessage, kind: str) -> str | None:
    """The service's own id of the message that this one is to take the place of, when the sender says so.

    He does in `overrides`: `{"slack": {"replaces": "1503435956.000247"}}`, beside a `sequence_id`. Without it every
    message is a new one.
    """
    said = message.overrides.get(kind)
    if message.sequence_id is None or not isinstance(said, Mapping):
        return None
    return text_at(said, "replaces")


def unreachable(tech: str, problem: str) -> SendReport:
    """The recipient cannot be written to at all: `no_address`, `invalid_address`, `empty_text`."""
    return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"{tech}.{problem}")
