"""TicketRepository, over every store."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.ticket_repository import TicketRepository
from domain.realtime.ticket import StreamTicket
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY
from tests.contracts.samples import TENANT
from tests.contracts.stores import Store


def ticket(store: Store, digest: str = "a" * 64, *, limited: bool = True) -> StreamTicket:
    return StreamTicket(
        digest=digest,
        tenant_id=TENANT,
        subscriber_id="u1",
        credential_expires_at=store.now() + timedelta(hours=1) if limited else None,
        expires_at=store.now() + timedelta(seconds=30),
    )


async def add(store: Store, added: StreamTicket, ttl: float = LONG) -> None:
    async with store.unit_of_work() as uow:
        tickets: TicketRepository = uow.tickets
        await tickets.add(added, ttl)
        await uow.commit()


async def redeem(store: Store, digest: str) -> StreamTicket | None:
    async with store.unit_of_work() as uow:
        found = await uow.tickets.redeem(digest)
        await uow.commit()
    return found


@pytest.mark.parametrize("limited", [True, False])
async def test_it_comes_back_once_when_redeemed(store: Store, limited: bool) -> None:
    added = ticket(store, limited=limited)
    await add(store, added)

    assert await redeem(store, added.digest) == added
    assert await redeem(store, added.digest) is None


async def test_nothing_comes_when_it_is_unknown(store: Store) -> None:
    await add(store, ticket(store))

    assert await redeem(store, "b" * 64) is None


async def test_nothing_comes_when_it_is_too_old(store: Store) -> None:
    old, young = ticket(store, "a" * 64), ticket(store, "b" * 64)
    await add(store, old, SHORT)
    await add(store, young)
    await store.after(SHORTLY)

    assert await redeem(store, old.digest) is None
    assert await redeem(store, young.digest) == young


async def test_one_gets_it_when_twenty_redeem_at_once(store: Store) -> None:
    added = ticket(store)
    await add(store, added)

    found = await asyncio.gather(*(redeem(store, added.digest) for _ in range(20)))

    assert [one for one in found if one is not None] == [added]


async def test_it_can_be_redeemed_again_when_using_it_was_rolled_back(store: Store) -> None:
    added = ticket(store)
    await add(store, added)
    async with store.unit_of_work() as uow:
        assert await uow.tickets.redeem(added.digest) == added

    assert await redeem(store, added.digest) == added
