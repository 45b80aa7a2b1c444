"""Which field names announce something that must not be logged."""

import re
from collections.abc import Callable, Iterable
from enum import Enum, auto
from functools import lru_cache

# Found anywhere in a name: `accesstoken`, `X-Api-Key`, `webhookSecret`.
_STEMS = (
    "password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "credential", "apikey",
    "privatekey", "signingkey", "encryptionkey", "accesskey",
)  # fmt: skip

# Found only as a whole word, since they are parts of innocent ones (`embody`, `spin`, `contents`).
_WORDS = frozenset({
    "attachments", "body", "content", "csrf", "dsn", "html", "jwt", "otp", "payload", "pin", "pwd", "signature",
    "ticket", "tickets",
})  # fmt: skip

# `api_key_id` and `payload_bytes` say something about a secret without telling it.
_TELLS_NOTHING = frozenset({
    "at", "bytes", "count", "encoding", "expires", "id", "ids", "kind", "length", "ms", "name", "seconds", "size",
    "total", "ttl", "type", "version",
})  # fmt: skip

_PHONES = frozenset({"mobile", "msisdn", "phone", "phones", "telephone"})

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_REMEMBERED = 2_048
_LONGEST = 128


class Sensitivity(Enum):
    """What a field's name says about its value."""

    PLAIN = auto()
    SECRET = auto()
    PHONE = auto()


def key_classifier(extra: Iterable[str] = ()) -> Callable[[str], Sensitivity]:
    """Judges names in any spelling (snake_case, camelCase, Header-Case); `extra` are further stems of secrets.

    Remembers a bounded number of answers, since names repeat while an attacker's do not.
    """
    own_stems = tuple(joined for each in extra if (joined := _joined(each)))

    @lru_cache(_REMEMBERED)
    def classify(name: str) -> Sensitivity:
        words = [word.lower() for word in _WORD.findall(name[:_LONGEST])]
        joined = "".join(words)
        if any(stem in joined for stem in own_stems):
            return Sensitivity.SECRET
        if not words or words[-1] in _TELLS_NOTHING:
            return Sensitivity.PLAIN
        if any(stem in joined for stem in _STEMS) or not _WORDS.isdisjoint(words):
            return Sensitivity.SECRET
        return Sensitivity.PLAIN if _PHONES.isdisjoint(words) else Sensitivity.PHONE

    return classify


def _joined(name: str) -> str:
    return "".join(word.lower() for word in _WORD.findall(name))
