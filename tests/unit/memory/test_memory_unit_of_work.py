"""What is special about transactions in memory; what they share with every store is in the contract suites."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.shared.errors import Unavailable
from infrastructure.memory import transaction
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.tables import Table
from infrastructure.memory.transaction import Transaction
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import MemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_it_says_so_when_it_is_used_without_being_entered() -> None:
    uow = MemoryStore().unit_of_work()
    with pytest.raises(RuntimeError, match="no transaction is open here"):
        await uow.subscribers.get(TENANT, "u1")


async def test_it_says_so_when_it_is_used_after_its_commit() -> None:
    store = MemoryStore()
    async with store.unit_of_work() as uow:
        await uow.commit()
        with pytest.raises(RuntimeError, match="make a unit of work for each"):
            await uow.subscribers.ensure_many(TENANT, [Samples(store).subscriber()])


async def test_the_second_is_unavailable_when_the_first_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "LONGEST_WAIT", 0.01)
    store = MemoryStore()
    async with store.unit_of_work():
        with pytest.raises(Unavailable):
            await store.unit_of_work().__aenter__()

    async with asyncio.timeout(1), store.unit_of_work() as uow:
        await uow.commit()


async def test_the_clock_of_the_test_is_that_of_the_store_when_it_is_turned() -> None:
    database, clock = MemoryDatabase(), FixedClock(NOW)
    opened = Transaction(database, clock)
    clock.advance(3600)

    assert (opened.now() - NOW).total_seconds() == 3600


def numbers() -> Table[int, tuple[int, str | None]]:
    """Rows of a key and a word, indexed by the word."""
    return Table(lambda row: row[0], word=lambda row: row[1])


def test_rows_are_found_by_their_newest_value_when_changed() -> None:
    table = numbers()
    table.put((1, "a"))
    table.put((1, "b"))
    table.put((2, None))

    assert table.where("word", "a") == []
    assert table.one("word", "b") == (1, "b")
    assert table.where("word", None) == []
    assert table.remove(3) is None
    assert table.remove(1) == (1, "b")
    assert table.one("word", "b") is None


def test_everything_is_as_before_when_it_is_undone_to_a_mark() -> None:
    table = numbers()
    table.put((1, "a"))
    table.settle()
    table.put((2, "b"))
    mark = table.mark()
    table.put((1, "c"))
    table.remove(2)
    table.put((3, "a"))
    table.undo_to(mark)

    assert sorted(table.all()) == [(1, "a"), (2, "b")]
    assert (table.where("word", "a"), table.where("word", "c")) == ([(1, "a")], [])
    assert table.committed.all() == [(1, "a")]
    table.undo_to(0)
    assert table.all() == table.committed.all() == [(1, "a")]


def test_what_is_committed_is_found_by_its_old_value_when_it_is_being_changed() -> None:
    table = numbers()
    table.put((1, "a"))
    table.put((2, "a"))
    table.settle()
    table.put((1, "b"))
    table.remove(2)
    table.put((3, "a"))

    assert sorted(table.committed.where("word", "a")) == [(1, "a"), (2, "a")]
    assert table.committed.where("word", "b") == []
    assert (table.committed.get(2), table.committed.get(3)) == ((2, "a"), None)
    table.settle()
    assert table.committed.where("word", "a") == [(3, "a")]
