"""One transaction that runs once per idempotency key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from application.ports.unit_of_work import SystemUnitOfWork, UnitOfWork
from application.shared.idempotency import Answer, Idempotency, IdempotencyInProgress

View = TypeVar("View")

UnitOfWorkFactory = Callable[[], UnitOfWork]
SystemUnitOfWorkFactory = Callable[[], SystemUnitOfWork]


# How long a repeat waits for the first request with its key, in seconds; then it is told to come again.
PATIENCE = 4.5


async def run_once(
    unit_of_work: UnitOfWorkFactory,
    idempotency: Idempotency | None,
    view_type: type[View],
    effect: Callable[[UnitOfWork], Awaitable[View]],
    *,
    patience: float = PATIENCE,
) -> Answer[View]:
    """Run `effect` and commit, or answer as the key was answered before. Failures are not remembered.

    Raises `IdempotencyInProgress` when the key cannot be looked up within `patience` seconds.
    """
    async with answered_before(unit_of_work, idempotency, view_type, patience) as (uow, earlier):
        if earlier is not None:
            return Answer(earlier, replayed=True)
        view = await effect(uow)
        if idempotency is not None:
            await uow.remember(idempotency, view)
        await uow.commit()
        return Answer(view)


@asynccontextmanager
async def answered_before(
    unit_of_work: UnitOfWorkFactory, idempotency: Idempotency | None, view_type: type[View], patience: float
) -> AsyncIterator[tuple[UnitOfWork, View | None]]:
    """A transaction in which the key is ours, and what it was answered so far; nothing without a key.

    Raises `IdempotencyInProgress` as `run_once` does.
    """
    async with AsyncExitStack() as stack:
        if idempotency is None:
            yield await stack.enter_async_context(unit_of_work()), None
        else:
            yield await _looked_up(stack, unit_of_work, idempotency, view_type, patience)


async def _looked_up(
    stack: AsyncExitStack,
    unit_of_work: UnitOfWorkFactory,
    idempotency: Idempotency,
    view_type: type[View],
    patience: float,
) -> tuple[UnitOfWork, View | None]:
    """A transaction in which the key is ours, or the answer that it was given."""
    try:
        async with asyncio.timeout(patience):
            uow = await stack.enter_async_context(unit_of_work())
            return uow, await uow.once(idempotency, view_type)
    except TimeoutError:
        raise IdempotencyInProgress from None
