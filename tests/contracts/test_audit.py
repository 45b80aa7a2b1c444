"""AuditLog, EventRelay and AuditReader, over every store: a chain that tells when it was touched."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from application.audit.ports import AuditReader
from application.audit.verify_audit import VerifyAudit
from application.ports.audit_log import AuditLog
from application.ports.event_relay import RELAY_QUEUE
from domain.audit.chain import ChainHead, Fault, Flaw, SealedEntry
from domain.audit.entry import AuditAction, AuditEntry
from tests.contracts.samples import SCOPE, STRANGER, TENANT
from tests.contracts.stores import Forgery, Store

Entries = list[SealedEntry]


def entry(store: Store, number: int = 0, **changes: Any) -> AuditEntry:  # Any: fields of many types
    plain = AuditEntry(
        tenant_id=TENANT,
        actor="api_key:k1",
        action=AuditAction.TOPIC_CREATE,
        target=f"topic:{number}",
        at=store.now(),
        detail={"fields": ["name"], "number": number, "é": None},
    )
    return replace(plain, **changes)


async def append(store: Store, *entries: AuditEntry) -> None:
    async with store.unit_of_work() as uow:
        log: AuditLog = uow.audit
        for one in entries:
            log.append(one)
        await uow.commit()


async def seal(store: Store, limit: int = 100) -> int:
    async with store.unit_of_work() as uow:
        sealed = await uow.relay.seal_audit(SCOPE, limit)
        await uow.commit()
    return sealed


async def chain(store: Store, length: int) -> None:
    """So many sealed entries, some to a transaction, some to a batch."""
    for start in range(0, length, 2):
        await append(store, *(entry(store, number) for number in range(start, min(start + 2, length))))
        if start % 4:
            await seal(store)
    await seal(store)


async def stored(store: Store, tenant_id: str = TENANT) -> Entries:
    reader: AuditReader = store.audit
    return await reader.page(tenant_id, after=0, limit=100)


async def fault(store: Store, tenant_id: str = TENANT) -> Fault | None:
    return (await VerifyAudit(audit=store.audit)(tenant_id)).fault


async def test_it_is_read_as_it_was_appended_when_sealed(store: Store) -> None:
    one = entry(store)
    with store.trace.scope(None) as trace:
        await append(store, one)
    assert await stored(store) == []
    assert await store.audit.head(TENANT) == ChainHead()
    assert await seal(store) == 1

    (sealed,) = await stored(store)
    assert (sealed.position, sealed.recorded.entry, sealed.recorded.trace_id) == (1, one, trace.trace_id)
    assert sealed == ChainHead().seal(sealed.recorded)
    assert await store.audit.head(TENANT) == ChainHead(position=1, digest=sealed.digest)


async def test_the_relay_is_woken_when_an_entry_is_committed(store: Store) -> None:
    await append(store, entry(store))

    assert store.wake_ups.sent == [[RELAY_QUEUE]]


async def test_positions_have_no_gap_when_sealed_in_batches_and_after_a_rollback(store: Store) -> None:
    await append(store, *(entry(store, number) for number in range(3)))
    assert await seal(store, 2) == 2
    async with store.unit_of_work() as uow:
        assert await uow.relay.seal_audit(SCOPE, 10) == 1
    await append(store, *(entry(store, number) for number in range(3, 5)))
    assert [await seal(store), await seal(store)] == [3, 0]

    assert [(one.position, one.recorded.entry.detail["number"]) for one in await stored(store)] == [
        (number + 1, number) for number in range(5)
    ]
    assert await fault(store) is None


async def test_nothing_is_noted_when_the_change_was_undone(store: Store) -> None:
    class Broken(Exception):
        """What goes wrong"""

    async def note_and_break(*, whole: bool) -> None:
        async with store.unit_of_work() as uow:
            if whole:
                uow.audit.append(entry(store))
                raise Broken
            with pytest.raises(Broken):
                await break_part(uow)
            await uow.commit()

    async def break_part(uow: Any) -> None:  # Any: the unit of work of any store
        async with uow.savepoint():
            uow.audit.append(entry(store))
            raise Broken

    with pytest.raises(Broken):
        await note_and_break(whole=True)
    await note_and_break(whole=False)

    assert await seal(store) == 0


async def test_no_chain_forks_when_many_append_and_two_seal(store: Store) -> None:
    await asyncio.gather(
        *(append(store, entry(store, number)) for number in range(30)), *(seal(store, 7) for _ in range(6))
    )
    while await seal(store, 7):
        pass

    assert [one.position for one in await stored(store)] == list(range(1, 31))
    assert {one.recorded.entry.detail["number"] for one in await stored(store)} == set(range(30))
    assert await fault(store) is None


async def test_each_tenant_has_a_chain_of_its_own_when_sealed_together(store: Store) -> None:
    await append(store, *(entry(store, number, tenant_id=(TENANT, STRANGER)[number % 2]) for number in range(5)))
    await seal(store)

    assert [one.position for one in await stored(store)] == [1, 2, 3]
    assert [one.position for one in await stored(store, STRANGER)] == [1, 2]
    assert [await fault(store, tenant) for tenant in (TENANT, STRANGER, "nobody")] == [None, None, None]


async def test_pages_follow_each_other_when_read(store: Store) -> None:
    await chain(store, 5)

    pages = [await store.audit.page(TENANT, after=after, limit=2) for after in (0, 2, 4, 5)]

    assert [[one.position for one in page] for page in pages] == [[1, 2], [3, 4], [5], []]


def changed(**changes: Any) -> Callable[[Entries], Entries]:  # Any: fields of many types
    """The third entry with other fields, and its old digest."""

    def forge(entries: Entries) -> Entries:
        recorded = entries[2].recorded
        recorded = replace(recorded, entry=replace(recorded.entry, **changes))
        return [*entries[:2], replace(entries[2], recorded=recorded), *entries[3:]]

    return forge


def sealed_again(entries: Entries) -> Entries:
    """The third entry changed, and with a digest that fits: the next one was made of another."""
    head = ChainHead(position=2, digest=entries[1].digest)
    third = changed(actor="api_key:k2")(entries)[2]
    return [*entries[:2], head.seal(third.recorded), *entries[3:]]


def exchanged(entries: Entries) -> Entries:
    """The second and the third entry in each other's place, with the digests that they had."""
    second, third = entries[1:3]
    return [entries[0], replace(third, position=2), replace(second, position=3), *entries[3:]]


def closed_up(entries: Entries) -> Entries:
    """Without the third, and no gap where it was."""
    return [*entries[:2], *(replace(one, position=one.position - 1) for one in entries[3:])]


def made_anew(entries: Entries) -> Entries:
    """Without the third, and with digests that fit: only the head tells."""
    head, anew = ChainHead(), list[SealedEntry]()
    for one in (*entries[:2], *entries[3:]):
        anew.append(head.seal(one.recorded))
        head = head.after(anew[-1])
    return anew


def added(entries: Entries) -> Entries:
    """With one more, that fits."""
    last = entries[-1]
    recorded = replace(last.recorded, id=UUID(int=1))
    return [*entries, ChainHead(position=last.position, digest=last.digest).seal(recorded)]


FORGERIES: dict[str, tuple[Forgery, Fault]] = {
    "actor": (changed(actor="api_key:k2"), Fault(position=3, flaw=Flaw.CHANGED)),
    "action": (changed(action="topic.burn"), Fault(position=3, flaw=Flaw.CHANGED)),
    "target": (changed(target="topic:x"), Fault(position=3, flaw=Flaw.CHANGED)),
    "detail": (changed(detail={}), Fault(position=3, flaw=Flaw.CHANGED)),
    "digest": (
        lambda all_: [*all_[:2], replace(all_[2], digest=bytes(32)), *all_[3:]],
        Fault(position=3, flaw=Flaw.CHANGED),
    ),
    "trace": (
        lambda all_: [*all_[:2], replace(all_[2], recorded=replace(all_[2].recorded, trace_id="0" * 32)), *all_[3:]],
        Fault(position=3, flaw=Flaw.CHANGED),
    ),
    "sealed again": (sealed_again, Fault(position=4, flaw=Flaw.CHANGED)),
    "missing in the middle": (lambda all_: [*all_[:2], *all_[3:]], Fault(position=3, flaw=Flaw.MISSING)),
    "missing at the beginning": (lambda all_: all_[1:], Fault(position=1, flaw=Flaw.MISSING)),
    "missing at the end": (lambda all_: all_[:-1], Fault(position=6, flaw=Flaw.MISSING)),
    "all missing": (lambda all_: [], Fault(position=1, flaw=Flaw.MISSING)),
    "closed up": (closed_up, Fault(position=3, flaw=Flaw.CHANGED)),
    "reordered": (exchanged, Fault(position=2, flaw=Flaw.CHANGED)),
    "made anew": (made_anew, Fault(position=6, flaw=Flaw.MISSING)),
    "added": (added, Fault(position=7, flaw=Flaw.ADDED)),
}


@pytest.mark.parametrize("how", FORGERIES)
async def test_the_place_is_found_when_an_entry_was_touched(store: Store, how: str) -> None:
    await chain(store, 6)
    forge, expected = FORGERIES[how]
    assert await fault(store) is None
    await store.forge_audit(forge)

    assert await fault(store) == expected


async def test_nothing_is_found_when_rows_were_rewritten_as_they_were(store: Store) -> None:
    await chain(store, 6)
    await store.forge_audit(lambda entries: entries)

    assert await VerifyAudit(audit=store.audit)(TENANT) == await VerifyAudit(audit=store.audit)(TENANT)
    assert await fault(store) is None


async def test_the_time_is_part_of_it_when_an_entry_was_moved_in_time(store: Store) -> None:
    await chain(store, 6)
    await store.forge_audit(changed(at=store.now().replace(year=2000)))

    assert await fault(store) == Fault(position=3, flaw=Flaw.CHANGED)
