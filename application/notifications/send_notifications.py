"""Accepting many requests in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.notifications.request_rules import SendNotificationCommand
from application.notifications.send_notification import SendNotification
from application.notifications.views import AcceptedView, BulkItemView
from application.ports.notification_repository import TransactionTaken
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import PATIENCE, UnitOfWorkFactory, answered_before
from domain.shared.errors import CarillonError, Unavailable

# A notification, its job, its event and its tags; with the rows of the idempotency record well below 500 a group.
ITEMS_PER_GROUP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkView:
    """The answers so far, in the order of the items: a request that was cut off goes on where it stopped."""

    items: tuple[BulkItemView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotificationsCommand:
    """Up to 1,000 requests; those whose body could not be read come as the error to answer with."""

    items: Sequence[SendNotificationCommand | CarillonError]
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotifications:
    """Accept many requests to notify, each on its own.

    - One refused item does not touch the others; every item has an answer at its index.
    - Items are committed in groups, and expanded by jobs.
    - With an idempotency key, a repeat of a call that was cut off goes on where the first one stopped; one whose key
      is held for longer than `patience` seconds is told to come again.
    - What cannot be taken right now is no answer to remember: under a key it ends the call, and a repeat goes on there.
    """

    unit_of_work: UnitOfWorkFactory
    send: SendNotification
    patience: float = PATIENCE

    async def __call__(self, command: SendNotificationsCommand) -> Answer[BulkView]:
        command = replace(command, items=[await self._triggered(item) for item in command.items])
        view, fresh, carefully = BulkView(), False, False
        while len(view.items) < len(command.items):
            try:
                view, stored = await self._with_next_group(command, view, carefully=carefully)
            except TransactionTaken:
                # Whoever repeats one item repeats most of them: the rest is looked up, and stored one by one.
                carefully = True
                continue
            fresh |= stored
        return Answer(view, replayed=not fresh)

    async def _triggered(
        self, item: SendNotificationCommand | CarillonError
    ) -> SendNotificationCommand | CarillonError:
        return item if isinstance(item, CarillonError) else await self.send.admission.triggered(item)

    async def _with_next_group(
        self, command: SendNotificationsCommand, view: BulkView, *, carefully: bool
    ) -> tuple[BulkView, bool]:
        """The answers with those of one more group, and whether they are new."""
        async with answered_before(self.unit_of_work, command.idempotency, BulkView, self.patience) as (uow, earlier):
            if earlier is not None and len(earlier.items) > len(view.items):
                return earlier, False
            view, refusal = await self._next_group(uow, command, view, carefully=carefully)
            await uow.commit()
        if refusal is not None:
            raise refusal
        return view, True

    async def _next_group(
        self, uow: UnitOfWork, command: SendNotificationsCommand, view: BulkView, *, carefully: bool
    ) -> tuple[BulkView, Unavailable | None]:
        """The answers with those of one more group, or with those before an item that nobody can take right now."""
        start, refusal = len(view.items), None
        answers: list[BulkItemView] = []
        for index, item in enumerate(command.items[start : start + ITEMS_PER_GROUP], start):
            try:
                answers.append(await self._answer(uow, index, item, carefully=carefully))
            except Unavailable as busy:
                if command.idempotency is not None:
                    refusal = busy
                    break
                answers.append(_refused(index, busy))
        view = BulkView(items=(*view.items, *answers))
        if command.idempotency is not None:
            await uow.remember(command.idempotency, view)
        return view, refusal

    async def _answer(
        self, uow: UnitOfWork, index: int, item: SendNotificationCommand | CarillonError, *, carefully: bool
    ) -> BulkItemView:
        try:
            if isinstance(item, CarillonError):
                raise item
            return BulkItemView(index=index, accepted=await self._accepted(uow, item, carefully=carefully))
        except Unavailable:
            raise
        except CarillonError as error:
            return _refused(index, error)

    async def _accepted(self, uow: UnitOfWork, item: SendNotificationCommand, *, carefully: bool) -> AcceptedView:
        try:
            command = self.send.admission.admitted(item)
        except CarillonError:
            earlier = await self.send.earlier(uow, item)
            if earlier is None:
                raise
            return earlier
        if not carefully:
            return await self.send.store(uow, command, expand_inline=False)
        try:
            async with uow.savepoint():
                return await self.send.accept(uow, command, expand_inline=False)
        except TransactionTaken:
            async with uow.savepoint():
                return await self.send.accept(uow, command, expand_inline=False)


def _refused(index: int, error: CarillonError) -> BulkItemView:
    problems = tuple((problem.path, problem.message) for problem in error.problems)
    return BulkItemView(index=index, code=error.code, detail=error.detail, problems=problems)
