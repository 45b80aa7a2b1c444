"""The unit of isolation."""

from dataclasses import dataclass
from datetime import datetime

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Every row, key, stream, file and limit carries a tenant's `id`: a short immutable slug, so that logs can be
    read.
    """

    id: str
    name: str
    created_at: datetime
