"""E-mail addresses as SMTP takes them."""

import re
from typing import Final

from email_validator import EmailNotValidError, validate_email

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")
_MAX_ADDRESS: Final = 254
_MAX_LOCAL_PART: Final = 64


class InvalidAddress(ValueError):
    """Not one e-mail address"""


def ascii_address(address: str) -> str:
    """`address` with its domain in ASCII. Raises `InvalidAddress` for anything but one plain address.

    Whether the domain exists is not asked, and names of a private network (`root@localhost`, `ada@mail.local`) are
    fine. A local part that is quoted or not ASCII is refused: few servers take it.
    """
    ascii_form = address if address.isascii() else _with_ascii_domain(address)
    too_long = len(ascii_form) > _MAX_ADDRESS or len(ascii_form.partition("@")[0]) > _MAX_LOCAL_PART
    if too_long or not _ADDRESS.fullmatch(ascii_form):
        raise InvalidAddress("not one e-mail address")
    return ascii_form


def _with_ascii_domain(address: str) -> str:
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidAddress("not one e-mail address") from error
    return checked.ascii_email or ""
