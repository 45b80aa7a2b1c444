"""Which passwords may be hashed at all."""

from typing import Final

from domain.identity.errors import PasswordNotAllowed
from domain.shared.errors import FieldProblem

MAX_BYTES: Final = 1024


def password_bytes(password: str) -> bytes:
    """`password` in UTF-8; raises `PasswordNotAllowed` before any hashing is paid for.

    Refused are more than 1,024 bytes, NUL, the empty text, and text that UTF-8 cannot hold.
    """
    problem = _problem_with(password)
    if problem is not None:
        raise PasswordNotAllowed(problems=[FieldProblem("password", problem)])
    return password.encode()


def _problem_with(password: str) -> str | None:
    if not password:
        return "is empty"
    if "\0" in password:
        return "contains a NUL character"
    # The number of characters first: it bounds what the encoding may cost.
    if len(password) > MAX_BYTES or len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return f"is longer than {MAX_BYTES:,} bytes"
    if any("\ud800" <= character <= "\udfff" for character in password):
        return "is not valid Unicode"
    return None
