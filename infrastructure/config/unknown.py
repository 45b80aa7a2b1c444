"""Keys that mean nothing here.

A `.env` file is ours: whatever stands in it must mean something. The environment of a process is shared with other
programs: there a key is refused when its first part is used by nobody else, or when it is nearly one of ours; any other
key that begins like ours is mentioned, and the rest is nobody's business.
"""

import re
from difflib import get_close_matches

from infrastructure.config.aliases import ABOLISHED
from infrastructure.config.catalogue import catalogue, provider_fields
from infrastructure.config.later import capability_of
from infrastructure.config.layers import Written
from infrastructure.config.problems import Problem
from infrastructure.config.provider import NAMESPACE
from infrastructure.config.spelling import Given

# Compose reads these from the same file.
COMPOSE = "COMPOSE_"

# No other program is known to begin its keys so.
ONLY_OURS = (
    NAMESPACE,
    "EGRESS_",
    "NOTIFY_CHAT_",
    "NOTIFY_EMAIL_",
    "NOTIFY_IN_APP_",
    "NOTIFY_PUSH_",
    "NOTIFY_SMS_",
    "NOTIFY_WEBHOOK_",
    "RATE_LIMIT_",
    "REALTIME_",
    "SSE_",
    "WORKER_SLOTS_",
)

# Kubernetes describes each service of a namespace so, whatever its name.
SERVICE_LINK = re.compile(r".*_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP).*)?)")

# A key may be shown when it looks like one; anything else could be the remains of a secret.
LOOKS_LIKE_A_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,63}")

# Finds SMTP_PASS for SMTP_PASSWORD and leaves APP_HOME and APP_HOST apart.
SIMILARITY = 0.8
SIMILARITY_OF_FIELDS = 0.7


def judge(written: Written, ours: bool) -> Problem | str | None:
    """A problem, a warning, or nothing to say."""
    name = written.key
    if name in ABOLISHED:
        return Problem(keys=(name,), message=ABOLISHED[name], source=written.source)
    if ours:
        return None if name.startswith(COMPOSE) else _not_a_key(written)
    if SERVICE_LINK.fullmatch(name):
        return None
    if name.startswith(ONLY_OURS) or (_begins_like_ours(name) and _nearest(name)):
        return _not_a_key(written)
    return f"{name} is no key of this product and has no effect" if _begins_like_ours(name) else None


def judge_later(given: Given) -> Problem | str:
    """A key of a capability that this version does not have: a problem in our file, else a warning.

    Who chooses a driver counts on it, wherever the choice stands: that is a problem, too.
    """
    message = f"belongs to {capability_of(given.key)}, which this version does not have yet, and has no effect"
    if given.ours or given.key.endswith("_DRIVER"):
        return Problem(keys=(given.key,), message=f"{message}; remove it", source=given.source)
    return f"{given.key} {message} [{given.source}]"


def _not_a_key(written: Written) -> Problem:
    if not LOOKS_LIKE_A_KEY.fullmatch(written.key.upper()):
        return Problem(keys=("A key",), message="is none of this product's", source=written.source)
    nearest = _nearest(written.key)
    hint = f"; did you mean {nearest}?" if nearest else ""
    shown = written.key if LOOKS_LIKE_A_KEY.fullmatch(written.key) else "A key in lower case"
    return Problem(keys=(shown,), message=f"is no key of this product{hint}", source=written.source)


def _nearest(name: str) -> str | None:
    stem, _, field = name.upper().rpartition("__")
    if stem.startswith(NAMESPACE):
        found = get_close_matches(field, provider_fields(), 1, SIMILARITY_OF_FIELDS)
        return f"{stem}__{found[0]}" if found else None
    return next(iter(get_close_matches(name.upper(), catalogue(), 1, SIMILARITY)), None)


def _begins_like_ours(name: str) -> bool:
    first, separator, _ = name.upper().partition("_")
    return bool(separator) and first in {key.partition("_")[0] for key in catalogue()}
