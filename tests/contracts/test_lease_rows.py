"""LeaseRows, over every store."""

import asyncio

from application.ports.lease_rows import LeaseRows
from application.shared.system_scope import SystemScope
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY
from tests.contracts.samples import OTHER_WORKER, SCOPE
from tests.contracts.stores import Store


async def acquire(
    store: Store, scope: SystemScope = SCOPE, *, name: str = "relay", seconds: float = LONG
) -> int | None:
    async with store.unit_of_work() as uow:
        leases: LeaseRows = uow.leases
        token = await leases.acquire(scope, name, seconds)
        await uow.commit()
    return token


async def release(store: Store, token: int, scope: SystemScope = SCOPE) -> None:
    async with store.unit_of_work() as uow:
        await uow.leases.release(scope, "relay", token)
        await uow.commit()


async def test_nobody_else_gets_it_when_it_is_held(store: Store) -> None:
    assert await acquire(store) is not None
    assert await acquire(store, OTHER_WORKER) is None


async def test_names_are_independent_when_two_are_held(store: Store) -> None:
    assert await acquire(store) is not None
    assert await acquire(store, OTHER_WORKER, name="scheduler") is not None


async def test_the_token_stays_when_its_holder_prolongs(store: Store) -> None:
    token = await acquire(store, seconds=0.5)
    assert await acquire(store, seconds=LONG) == token
    await store.after(0.6)

    assert await acquire(store, OTHER_WORKER) is None


async def test_the_next_one_gets_a_greater_token_when_it_ran_out(store: Store) -> None:
    first = await acquire(store, seconds=SHORT)
    await store.after(SHORTLY)
    second = await acquire(store, OTHER_WORKER, seconds=SHORT)
    await store.after(SHORTLY)
    third = await acquire(store)

    assert first is not None
    assert second is not None
    assert third is not None
    assert first < second < third
    assert await acquire(store, OTHER_WORKER) is None


async def test_the_next_one_gets_a_greater_token_when_it_was_released(store: Store) -> None:
    first = await acquire(store)
    assert first is not None
    await release(store, first)
    second = await acquire(store, OTHER_WORKER)

    assert second is not None
    assert second > first


async def test_it_stays_held_when_somebody_releases_what_is_not_theirs_any_more(store: Store) -> None:
    first = await acquire(store, seconds=SHORT)
    await store.after(SHORTLY)
    assert await acquire(store, OTHER_WORKER) is not None
    assert first is not None
    await release(store, first)

    assert await acquire(store) is None


async def test_one_gets_it_when_twenty_ask_at_once(store: Store) -> None:
    tokens = await asyncio.gather(*(acquire(store, SystemScope(owner=f"w{number}")) for number in range(20)))

    assert len([token for token in tokens if token is not None]) == 1
