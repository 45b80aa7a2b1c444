"""Composing as a step of sending."""

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.email.address import InvalidAddress
from infrastructure.channels.email.headers import UnsafeHeader
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer


def composed_or_report(composer: EmailComposer, message: OutboundMessage) -> ComposedEmail | SendReport:
    """The mail, or why this recipient can never get it."""
    try:
        return composer.compose(message)
    except InvalidAddress as error:
        code, detail = "email.invalid_address", str(error)
    except UnsafeHeader as error:
        code, detail = "email.unsafe_header", str(error)
    return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=code, detail=detail)
