"""What a provider said, made fit for the record."""

import re
from collections.abc import Iterable
from typing import Final

MAX_DETAIL_BYTES: Final = 4_096
_HIDDEN = "[hidden]"
# C0, C1, DEL and the separators that tear log lines; NUL also breaks text columns.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SECRET_SHAPES = re.compile(r"whsec_[A-Za-z0-9+/=_-]+|crl_[A-Za-z0-9]{36}|eyJ[\w-]+\.[\w-]+\.[\w-]*")


def quoted(text: str | bytes, *, secrets: Iterable[str | None] = ()) -> str | None:
    """`text` on one line, at most 4 kB of UTF-8, without `secrets` and whatever looks like one; None when empty."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    # SMTP replies carry bytes that are no UTF-8 as lone surrogates.
    words = words.encode("utf-8", "replace").decode("utf-8")
    for secret in sorted((each for each in secrets if each), key=len, reverse=True):
        words = words.replace(secret, _HIDDEN)
    words = _CONTROLS.sub(" ", _SECRET_SHAPES.sub(_HIDDEN, words)).strip()
    return words.encode("utf-8")[:MAX_DETAIL_BYTES].decode("utf-8", "ignore") or None
