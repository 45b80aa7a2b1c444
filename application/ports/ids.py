"""Identifier source."""

from typing import Protocol
from uuid import UUID


class Ids(Protocol):
    """Time-ordered identifiers (RFC 9562 version 7), so that "newest first" is an order by id."""

    def new(self) -> UUID:
        """A UUIDv7, strictly greater than every one this process made before."""
        ...
