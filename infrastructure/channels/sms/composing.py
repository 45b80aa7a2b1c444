"""Recipient and text of an SMS, as every gateway takes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
# Everything but the line feed: a handset shows the rest as rubbish, and some gateways refuse it.
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """`phone` is in E.164, `text` is not empty."""

    phone: str
    text: str


def sms_or_report(message: OutboundMessage, *, refused_prefixes: Sequence[str], longest: int) -> Sms | SendReport:
    """The body, or the title of a message without one, or why this recipient can never get it.

    `refused_prefixes` are beginnings of numbers that cost more than one would pay (`+4990`). `longest` is in UTF-16
    units, as a handset counts what is not plain; what goes beyond is cut off between two characters.
    """
    phone = message.address.get("phone")
    if not phone:
        return _unreachable("no_address", "no phone number")
    if not isinstance(phone, str) or not _E164.fullmatch(phone):
        return _unreachable("invalid_number", "not a phone number in E.164")
    if phone.startswith(tuple(refused_prefixes)):
        return _unreachable("refused_prefix", "numbers that begin so are not sent to")
    text = _printable(message.body) or _printable(message.title)
    if not text:
        return _unreachable("no_text", "neither body nor title")
    return Sms(phone=phone, text=_shortened(text, longest))


def _printable(text: str) -> str:
    unix = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _UNPRINTABLE.sub("", unix.encode("utf-8", "replace").decode("utf-8")).strip()


def _shortened(text: str, longest: int) -> str:
    return text.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")


def _unreachable(word: str, detail: str) -> SendReport:
    return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=f"sms.{word}", detail=detail)
