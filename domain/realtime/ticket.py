"""The single-use right to open one stream."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTicket:
    """Only the digest of a ticket is stored. `credential_expires_at`: the stream may not outlive what the ticket was
    made with.
    """

    digest: str
    tenant_id: str
    subscriber_id: str
    credential_expires_at: datetime | None
    expires_at: datetime
