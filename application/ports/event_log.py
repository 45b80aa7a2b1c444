"""Appending facts."""

from typing import Protocol

from domain.shared.events import DomainEvent


class EventLog(Protocol):
    """Collects events; they are stored unsealed with the transaction, and the relay gives them their positions."""

    def append(self, event: DomainEvent) -> None:
        """Add an event to the transaction."""
        ...
