"""The right to see rows of every tenant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemScope:
    """Carried by the few calls that cross tenants; `owner` names the process in leases."""

    owner: str
