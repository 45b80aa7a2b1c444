"""Marking what follows from an event."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from application.ports.unit_of_work import UnitOfWork
from domain.shared.events import DomainEvent

# Any: a reaction takes the one concrete event it is marked for.
Reaction = Callable[[Any, UnitOfWork], Awaitable[None]]
Marked = TypeVar("Marked", bound=Callable[..., Awaitable[None]])

EVENT_ATTRIBUTE = "__reacts_to__"


def on(event: type[DomainEvent]) -> Callable[[Marked], Marked]:
    """Mark a coroutine function `(event, unit_of_work)` as a transactional reaction: it runs in the transaction that
    appended the event, before its commit, and its failure undoes both.
    """

    def mark(reaction: Marked) -> Marked:
        setattr(reaction, EVENT_ATTRIBUTE, event)
        return reaction

    return mark


@dataclass(frozen=True, slots=True)
class Reactions:
    """What follows from which event, as the enabled modules say."""

    by_event: Mapping[type[DomainEvent], tuple[Reaction, ...]]

    @classmethod
    def of(cls, reactions: Iterable[Reaction]) -> "Reactions":
        found: dict[type[DomainEvent], tuple[Reaction, ...]] = {}
        for reaction in reactions:
            event = getattr(reaction, EVENT_ATTRIBUTE)
            found[event] = (*found.get(event, ()), reaction)
        return cls(found)

    async def run(self, event: DomainEvent, unit_of_work: UnitOfWork) -> None:
        """Run every reaction to `event`, in the order of the modules."""
        for reaction in self.by_event.get(type(event), ()):
            await reaction(event, unit_of_work)
