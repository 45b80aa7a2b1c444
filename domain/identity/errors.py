"""What can be wrong with a credential, or with what it may do."""

from domain.shared.errors import Forbidden, InvalidInput, Unauthenticated


class MissingCredential(Unauthenticated):
    """Credential is missing"""

    code = "auth.missing_credential"


class InvalidCredential(Unauthenticated):
    """Credential is not valid"""

    code = "auth.invalid_credential"


class TicketSpent(Unauthenticated):
    """Ticket is spent or expired"""

    code = "auth.ticket_spent"


class InsufficientScope(Forbidden):
    """Credential may not do this"""

    code = "auth.insufficient_scope"


class SubscriberRequired(Forbidden):
    """Only a subscriber may do this"""

    code = "auth.subscriber_required"


class PasswordNotAllowed(InvalidInput):
    """Password is not allowed"""
