"""What can be wrong with a notification."""

from domain.shared.errors import Conflict, NotFound, Unavailable


class NotificationNotFound(NotFound):
    """Notification not found"""

    code = "notifications.not_found"


class TransactionConflict(Conflict):
    """Transaction id was used for another request"""

    code = "notifications.transaction_conflict"


class IntakeOverloaded(Unavailable):
    """Deliveries are too far behind to accept more"""

    code = "system.overloaded"
