"""What Twilio's error codes mean ("Error and Warning Dictionary").

The dictionary grows and codes are split: one that is not here goes by the status it came with.
"""

from collections.abc import Mapping
from typing import Final

from domain.notifications.attempt import AttemptOutcome

_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
_OURS: Final = AttemptOutcome.PROVIDER_PERMANENT
_TOO_MUCH: Final = AttemptOutcome.THROTTLED
_LATER: Final = AttemptOutcome.RETRYABLE

_OPTED_OUT: Final = 21610
_MEANINGS: Final[Mapping[int, tuple[AttemptOutcome, str]]] = {
    14107: (_TOO_MUCH, "throttled"),
    20003: (_OURS, "unauthorized"),
    20005: (_OURS, "account_inactive"),
    20404: (_OURS, "not_found"),
    20429: (_TOO_MUCH, "throttled"),
    21211: (_RECIPIENT, "invalid_number"),
    21212: (_OURS, "invalid_sender"),
    21214: (_RECIPIENT, "unreachable_number"),
    21217: (_RECIPIENT, "invalid_number"),
    21265: (_RECIPIENT, "short_code"),
    21268: (_RECIPIENT, "premium_number"),
    21408: (_OURS, "region_not_enabled"),
    21603: (_OURS, "no_sender"),
    21606: (_OURS, "invalid_sender"),
    21608: (_OURS, "trial_account"),
    21609: (_OURS, "invalid_callback"),
    _OPTED_OUT: (_RECIPIENT, "opted_out"),
    21611: (_TOO_MUCH, "queue_full"),
    21612: (_OURS, "no_route"),
    21614: (_RECIPIENT, "not_mobile"),
    21617: (_OURS, "text_too_long"),
    21635: (_RECIPIENT, "landline"),
    21703: (_OURS, "no_sender"),
    21705: (_OURS, "invalid_messaging_service"),
    30001: (_TOO_MUCH, "queue_overflow"),
    30002: (_OURS, "account_suspended"),
    30003: (_LATER, "unreachable_handset"),
    30004: (_RECIPIENT, "blocked"),
    30005: (_RECIPIENT, "unknown_handset"),
    30006: (_RECIPIENT, "landline"),
    30007: (_OURS, "filtered"),
    30008: (_LATER, "unknown_error"),
    63038: (_OURS, "quota_exceeded"),
}


def meaning(code: int, *, otherwise: AttemptOutcome) -> tuple[AttemptOutcome, str, bool]:
    """Outcome, stable word, and whether the recipient asked to be left alone (STOP)."""
    known = _MEANINGS.get(code)
    if known is not None:
        return *known, code == _OPTED_OUT
    # A message that was created and failed all the same came with a success.
    return _LATER if otherwise is AttemptOutcome.OK else otherwise, f"error_{code}", False
