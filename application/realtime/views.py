"""What callers see of tickets."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """Shown once."""

    ticket: str = field(repr=False)
    expires_at: datetime
