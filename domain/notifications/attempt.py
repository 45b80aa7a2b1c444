"""One try of a delivery through one provider."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AttemptOutcome(StrEnum):
    """What a try came to, and with it what may be tried next (see `rounds`)."""

    OK = "ok"
    RETRYABLE = "retryable"
    THROTTLED = "throttled"
    PROVIDER_PERMANENT = "provider_permanent"
    RECIPIENT_PERMANENT = "recipient_permanent"
    AMBIGUOUS = "ambiguous"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Append-only record of one try.

    `provider` is None when the try was abandoned: the worker that made it died and cannot say whom it asked.
    `detail` is what the provider said, at most 4 kB, without secrets; `provider_message_id` is its own name of the
    message, by which receipts call it.
    """

    id: UUID
    delivery_id: UUID
    round: int
    provider: str | None
    outcome: AttemptOutcome
    started_at: datetime
    finished_at: datetime
    status_code: int | None = None
    error_code: str | None = None
    detail: str | None = None
    provider_message_id: str | None = None
