"""Creating and changing many subscribers in one call."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import PATIENCE, UnitOfWorkFactory, answered_before
from application.subscribers.put_subscriber import PutSubscriber, PutSubscriberCommand
from application.subscribers.views import BulkSubscriberView, subscriber_view
from domain.shared.errors import CarillonError

# Each item writes a subscriber and its stream.
ITEMS_PER_GROUP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSubscribersView:
    """The answers in the order of the items."""

    items: tuple[BulkSubscriberView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscribersCommand:
    """Up to 1,000 subscribers; those whose body could not be read come as the error to answer with."""

    items: Sequence[PutSubscriberCommand | CarillonError]
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSubscribers:
    """Create or change many subscribers, each on its own: fields that an item does not name stay as they are.

    With an idempotency key, a repeat goes on where the first call stopped; one whose key is held for longer than
    `patience` seconds is told to come again.
    """

    unit_of_work: UnitOfWorkFactory
    put: PutSubscriber
    patience: float = PATIENCE

    async def __call__(self, command: PutSubscribersCommand) -> Answer[BulkSubscribersView]:
        view, fresh = BulkSubscribersView(), False
        while len(view.items) < len(command.items):
            key = command.idempotency
            async with answered_before(self.unit_of_work, key, BulkSubscribersView, self.patience) as (uow, earlier):
                if earlier is not None and len(earlier.items) > len(view.items):
                    view = earlier
                    continue
                view, fresh = await self._next_group(uow, command, view), True
                await uow.commit()
        return Answer(view, replayed=not fresh)

    async def _next_group(
        self, uow: UnitOfWork, command: PutSubscribersCommand, view: BulkSubscribersView
    ) -> BulkSubscribersView:
        start = len(view.items)
        group = command.items[start : start + ITEMS_PER_GROUP]
        answers = [await self._answer(uow, start + offset, item) for offset, item in enumerate(group)]
        view = BulkSubscribersView(items=(*view.items, *answers))
        if command.idempotency is not None:
            await uow.remember(command.idempotency, view)
        return view

    async def _answer(
        self, uow: UnitOfWork, index: int, item: PutSubscriberCommand | CarillonError
    ) -> BulkSubscriberView:
        try:
            if isinstance(item, CarillonError):
                raise item
            async with uow.savepoint():
                subscriber, created = await self.put.apply(uow, item)
            return BulkSubscriberView(index=index, subscriber=subscriber_view(subscriber), created=created)
        except CarillonError as error:
            problems = tuple((problem.path, problem.message) for problem in error.problems)
            return BulkSubscriberView(index=index, code=error.code, detail=error.detail, problems=problems)
