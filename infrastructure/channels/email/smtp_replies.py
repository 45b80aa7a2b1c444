"""What an SMTP reply means for the delivery (RFC 5321 section 4.2, enhanced codes of RFC 3463)."""

import re
from enum import StrEnum

from domain.notifications.attempt import AttemptOutcome

_ENHANCED = re.compile(r"^\s*[45]\.(\d{1,3})\.(\d{1,3})\b")
_TOO_MUCH = re.compile(r"too many|too much mail|rate.?limit|throttl|quota of|exceeded .*(rate|limit)", re.IGNORECASE)

_SERVICE_UNAVAILABLE = 421
_AUTH_CODES = frozenset({530, 534, 535, 538})
_RECIPIENT_CODES = frozenset({550, 551, 553})
_MAILBOX_FULL = 552

# First number after the class: 1 address, 2 mailbox, 4 routing are about the recipient; 3 system, 5 protocol,
# 6 content, 7 policy may fare better with another relay.
_ABOUT_RECIPIENT = frozenset({1, 2, 4})
_ABOUT_SENDER = frozenset({(1, 7), (1, 8)})
_POLICY = 7


class Stage(StrEnum):
    """How far the dialogue had come."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


def meaning(code: int, text: str, stage: Stage) -> tuple[AttemptOutcome, str]:
    """Outcome and error code of a reply that refuses; `code` is 4xx or 5xx, anything else is a broken server."""
    match code // 100:
        case 4:
            return _temporary(code, text)
        case 5:
            return _permanent(code, text, stage)
        case _:
            return AttemptOutcome.RETRYABLE, "smtp.protocol_error"


def _temporary(code: int, text: str) -> tuple[AttemptOutcome, str]:
    enhanced = _enhanced(text)
    if (enhanced is not None and enhanced[0] == _POLICY) or _TOO_MUCH.search(text):
        return AttemptOutcome.THROTTLED, "smtp.throttled"
    if code == _SERVICE_UNAVAILABLE:
        return AttemptOutcome.RETRYABLE, "smtp.service_unavailable"
    return AttemptOutcome.RETRYABLE, "smtp.temporary_failure"


def _permanent(code: int, text: str, stage: Stage) -> tuple[AttemptOutcome, str]:
    if code in _AUTH_CODES:
        return AttemptOutcome.PROVIDER_PERMANENT, "smtp.auth_failed"
    if stage is Stage.SENDER:
        return AttemptOutcome.PROVIDER_PERMANENT, "smtp.sender_refused"
    if stage is not Stage.CONNECT and _names_recipient(code, _enhanced(text), stage):
        return AttemptOutcome.RECIPIENT_PERMANENT, "smtp.recipient_refused"
    return AttemptOutcome.PROVIDER_PERMANENT, "smtp.refused"


def _names_recipient(code: int, enhanced: tuple[int, int] | None, stage: Stage) -> bool:
    if enhanced is not None:
        return enhanced[0] in _ABOUT_RECIPIENT and enhanced not in _ABOUT_SENDER
    # Without more words 552 is a full mailbox before the mail was seen, and a mail that is too large after it.
    return code in _RECIPIENT_CODES or (code == _MAILBOX_FULL and stage is Stage.RECIPIENT)


def _enhanced(text: str) -> tuple[int, int] | None:
    match = _ENHANCED.match(text)
    return None if match is None else (int(match[1]), int(match[2]))
