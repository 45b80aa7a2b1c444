"""The life of a delivery: one table, read by the rules, the SQL and the tests."""

from collections.abc import Mapping
from enum import StrEnum

from domain.shared.errors import Conflict


class DeliveryStatus(StrEnum):
    """Where a delivery stands; the last five are final and never change."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


class DeliveryTrigger(StrEnum):
    """What moves a delivery on."""

    CLAIM = "claim"
    ACCEPTED = "accepted"
    ROUND_FAILED = "round_failed"
    RELEASE = "release"
    LEASE_LOST = "lease_lost"
    GIVE_UP = "give_up"
    CANCEL = "cancel"
    EXPIRE = "expire"
    SUPPRESS = "suppress"


_S, _T = DeliveryStatus, DeliveryTrigger

FINAL: frozenset[DeliveryStatus] = frozenset({_S.SENT, _S.FAILED, _S.EXPIRED, _S.CANCELLED, _S.SUPPRESSED})
OPEN: frozenset[DeliveryStatus] = frozenset({_S.PENDING, _S.SENDING})

# A lost lease keeps the row `sending`: whoever reclaims it takes over the lease, and gives up on poison.
TRANSITIONS: Mapping[tuple[DeliveryStatus, DeliveryTrigger], DeliveryStatus] = {
    (_S.PENDING, _T.CLAIM): _S.SENDING,
    (_S.PENDING, _T.CANCEL): _S.CANCELLED,
    (_S.PENDING, _T.EXPIRE): _S.EXPIRED,
    (_S.PENDING, _T.SUPPRESS): _S.SUPPRESSED,
    (_S.SENDING, _T.ACCEPTED): _S.SENT,
    (_S.SENDING, _T.ROUND_FAILED): _S.PENDING,
    (_S.SENDING, _T.RELEASE): _S.PENDING,
    (_S.SENDING, _T.LEASE_LOST): _S.SENDING,
    (_S.SENDING, _T.GIVE_UP): _S.FAILED,
    (_S.SENDING, _T.CANCEL): _S.CANCELLED,
    (_S.SENDING, _T.EXPIRE): _S.EXPIRED,
    (_S.SENDING, _T.SUPPRESS): _S.SUPPRESSED,
}


class IllegalTransition(Conflict):
    """Delivery cannot change that way"""

    code = "deliveries.illegal_transition"


def after(status: DeliveryStatus, trigger: DeliveryTrigger) -> DeliveryStatus:
    """The status that follows; raises `IllegalTransition` for what the table does not name."""
    try:
        return TRANSITIONS[status, trigger]
    except KeyError:
        raise IllegalTransition(f"a {status} delivery does not take {trigger}") from None
