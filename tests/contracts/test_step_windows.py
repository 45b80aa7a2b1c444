"""StepWindowRepository, over every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.ports.step_window_repository import (
    DigestMember,
    Gathered,
    KeptWindow,
    Membership,
    OpenDigest,
    StepWindowRepository,
    WindowKey,
    WindowKind,
)
from domain.workflows.digest import DigestWindow
from domain.workflows.run import Run, RunStatus
from domain.workflows.throttle import ThrottleSettings, ThrottleWindow, throttle
from tests.contracts.samples import STRANGER, TENANT, Samples
from tests.contracts.stores import Store

STEP = "group"
HOUR = timedelta(hours=1)


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[StepWindowRepository]:
    async with store.unit_of_work() as uow:
        yield uow.step_windows
        await uow.commit()


def key(kind: WindowKind = WindowKind.THROTTLE, **changes: Any) -> WindowKey:  # Any: the other fields
    return replace(WindowKey(kind=kind, workflow="order-shipped", step=STEP, target="u1"), **changes)


def kept(store: Store, of: WindowKey, count: int = 1) -> KeptWindow:
    now = store.now()
    if of.kind is WindowKind.THROTTLE:
        return KeptWindow(key=of, window=ThrottleWindow(started_at=now, count=count), needed_until=now + HOUR)
    window = DigestWindow(first_at=now, last_at=now, closes_at=now + HOUR, count=count)
    return KeptWindow(key=of, window=OpenDigest(window=window, opener=UUID(int=7)), needed_until=now + HOUR)


async def add_event(
    make: Samples, opener: Run | None = None, order: int = 0, *, cancelled: bool = False, **changes: Any
) -> Run:
    """A run that is gathered under an opener, or opens; `changes` are fields of the run. Any: of many types."""
    notification = make.notification(payload={"order": order})
    notification_at = make.store.now() + timedelta(seconds=order)
    run = make.run(notification_id=notification.id, **changes)
    async with make.store.unit_of_work() as uow:
        await uow.notifications.add(notification)
        await uow.runs.add_many([run])
        await uow.step_windows.join(TENANT, [member(run, opener, at=notification_at)])
        if cancelled:
            await uow.notifications.request_cancel(TENANT, notification.id, make.store.now())
        await uow.commit()
    return run


def member(run: Run, opener: Run | None = None, **changes: Any) -> DigestMember:  # Any: fields of many types
    plain = DigestMember(
        run_id=run.id,
        step=STEP,
        opener=(opener or run).id,
        notification_id=run.notification_id,
        at=run.created_at,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize("kind", WindowKind)
async def test_a_window_comes_back_without_loss_when_stored(store: Store, kind: WindowKind) -> None:
    first = kept(store, key(kind, key="é" * 10_000))
    async with opened(store) as windows:
        assert await windows.locked(TENANT, {first.key}) == {}
        await windows.put(TENANT, [first])
    async with opened(store) as windows:
        assert await windows.locked(TENANT, {first.key}) == {first.key: first.window}
        second = replace(first, window=kept(store, first.key, count=2).window)
        await windows.put(TENANT, [second])
    async with opened(store) as windows:
        assert await windows.locked(TENANT, {first.key}) == {first.key: second.window}


async def test_windows_are_kept_apart_when_any_part_of_their_key_differs(store: Store) -> None:
    keys = [
        key(),
        key(WindowKind.DIGEST),
        key(workflow="other"),
        key(step="other"),
        key(target="u2"),
        key(key="a"),
        key(target="u1\0", key="x"),
        key(target="u1", key="\0x"),
    ]
    stored = [kept(store, each, number) for number, each in enumerate(keys, 1)]
    async with opened(store) as windows:
        await windows.locked(TENANT, keys)
        await windows.put(TENANT, stored)
        await windows.put(TENANT, [])

    async with opened(store) as windows:
        assert await windows.locked(TENANT, keys) == {each.key: each.window for each in stored}
        assert await windows.locked(TENANT, []) == {}


async def test_nothing_is_stored_when_the_transaction_is_not_committed(store: Store) -> None:
    window = kept(store, key())
    async with store.unit_of_work() as uow:
        await uow.step_windows.locked(TENANT, {window.key})
        await uow.step_windows.put(TENANT, [window])
    async with opened(store) as windows:
        assert await windows.locked(TENANT, {window.key}) == {}


async def test_each_sees_what_the_other_counted_when_many_come_to_a_new_window(store: Store) -> None:
    settings, keys = ThrottleSettings(limit=3, window=HOUR), [key(key=name) for name in "abc"]
    now = store.now()

    async def come(number: int) -> int:
        async with opened(store) as windows:
            mine = keys[number % 2 :] if number % 3 else keys[::-1]
            found = await windows.locked(TENANT, mine)
            await asyncio.sleep(0)
            allowed = 0
            for each in mine:
                stored = found.get(each)
                assert stored is None or isinstance(stored, ThrottleWindow)
                decision = throttle(settings, stored, now)
                allowed += decision.allowed
                await windows.put(TENANT, [KeptWindow(key=each, window=decision.window, needed_until=now)])
            return allowed

    assert sum(await asyncio.gather(*(come(number) for number in range(12)))) == 9


async def test_nobody_waits_in_a_circle_when_several_ask_for_the_same_in_any_order(store: Store) -> None:
    keys = [key(key=name) for name in "abc"]

    async def come(mine: list[WindowKey]) -> int:
        async with opened(store) as windows:
            return len(await windows.locked(TENANT, mine))

    async with opened(store) as windows:
        await windows.locked(TENANT, keys[1:2])
        others = asyncio.gather(come(keys), come(keys[::-1]))
        # Time enough to lock what lies before the one that is taken.
        done, _ = await asyncio.wait([others], timeout=0.2)
        assert not done
    assert list(await others) == [0, 0]


async def test_one_opens_and_the_others_join_when_many_come_to_a_new_digest(store: Store, make: Samples) -> None:
    of, now = key(WindowKind.DIGEST), store.now()

    async def come() -> UUID:
        run = make.run()
        async with opened(store) as windows:
            found = (await windows.locked(TENANT, {of})).get(of)
            window = DigestWindow(first_at=now, last_at=now, closes_at=now + HOUR)
            opener = found.opener if isinstance(found, OpenDigest) else run.id
            assert await windows.locked_carriers(TENANT, STEP, {opener}) == ({opener: None} if found else {})
            await windows.join(TENANT, [member(run, opener=replace(run, id=opener))])
            mine = KeptWindow(key=of, window=OpenDigest(window=window, opener=opener), needed_until=now)
            await windows.put(TENANT, [mine])
            return opener

    assert len(set(await asyncio.gather(*(come() for _ in range(10))))) == 1


async def test_whoever_closes_sees_everybody_when_others_join_at_the_same_time(store: Store, make: Samples) -> None:
    opener = await add_event(make)
    joiners = [make.run(notification_id=opener.notification_id, target=f"n{number}") for number in range(5)]
    await make.add_runs(*joiners)

    async def join(run: Run) -> bool:
        async with opened(store) as windows:
            if (await windows.locked_carriers(TENANT, STEP, {opener.id}))[opener.id] is not None:
                return False
            await windows.join(TENANT, [member(run, opener)])
            await asyncio.sleep(0.01)
            return True

    async def close() -> int:
        async with opened(store) as windows:
            await windows.locked_carriers(TENANT, STEP, {opener.id})
            found = await windows.gathered(TENANT, STEP, opener.id, store.now(), 1)
            await windows.close(TENANT, STEP, opener.id, opener.id)
            return found.count if found else 0

    early, late = ([join(run) for run in some] for some in (joiners[:3], joiners[3:]))
    first, seen, last = await asyncio.gather(asyncio.gather(*early), close(), asyncio.gather(*late))
    assert seen == 1 + sum([*first, *last])
    async with opened(store) as windows:
        whole = await windows.gathered(TENANT, STEP, opener.id, store.now(), 1)
        assert await windows.locked_carriers(TENANT, STEP, {opener.id}) == {opener.id: opener.id}
    assert whole is not None
    assert whole.count == seen


async def test_what_still_counts_is_told_in_order_when_gathered(store: Store, make: Samples) -> None:
    now = store.now()
    opener = await add_event(make, order=3)
    first, last = await add_event(make, opener, 1), await add_event(make, opener, 9)
    await add_event(make, opener, 2, status=RunStatus.CANCELLED)
    await add_event(make, opener, 4, status=RunStatus.EXPIRED)
    await add_event(make, opener, 5, cancelled=True)
    await add_event(make, opener, 6, expires_at=now)
    await add_event(make, opener, 7, expires_at=now + HOUR)
    await add_event(make, None, 8)

    async with opened(store) as windows:
        found = await windows.gathered(TENANT, STEP, opener.id, now, 2)
        everything = await windows.gathered(TENANT, STEP, opener.id, now, 100)
        other = await windows.gathered(TENANT, "other", opener.id, now, 2)
        ours = await windows.memberships(TENANT, STEP, {opener.id, first.id, last.id})
        times = [each for each in (found, everything) if each is not None]
    assert (other, len(times)) == (None, 2)
    assert [(each.count, (each.last_at - each.first_at).total_seconds() // 1) for each in times] == [(4, 8)] * 2
    assert [list(each.payloads) for each in times] == [
        [{"order": 1}, {"order": 3}],
        [{"order": 1}, {"order": 3}, {"order": 7}, {"order": 9}],
    ]
    assert ours == {each.id: Membership(opener=opener.id, wanted=True) for each in (opener, first, last)}
    assert isinstance(found, Gathered)


async def test_it_is_told_when_the_notification_is_to_be_cancelled(store: Store, make: Samples) -> None:
    run = await add_event(make, cancelled=True)
    async with opened(store) as windows:
        assert await windows.memberships(TENANT, STEP, {run.id}) == {run.id: Membership(opener=run.id, wanted=False)}
        assert await windows.gathered(TENANT, STEP, run.id, store.now(), 9) is None
        assert await windows.memberships(TENANT, STEP, []) == {}


async def test_a_run_stays_where_it_is_when_it_joins_twice(store: Store, make: Samples) -> None:
    first, second = await add_event(make), await add_event(make)
    async with opened(store) as windows:
        await windows.join(TENANT, [member(second, first)])
        await windows.join(TENANT, [])
        found = await windows.memberships(TENANT, STEP, {first.id, second.id})
    assert {run_id: each.opener for run_id, each in found.items()} == {first.id: first.id, second.id: second.id}


async def test_nothing_of_the_owner_is_read_or_changed_when_a_stranger_asks(store: Store, make: Samples) -> None:
    window = kept(store, key())
    run = await add_event(make)
    async with opened(store) as windows:
        await windows.locked(TENANT, {window.key})
        await windows.put(TENANT, [window])

    async with opened(store) as windows:
        assert await windows.locked(STRANGER, {window.key}) == {}
        await windows.put(STRANGER, [kept(store, window.key, 9)])
        assert await windows.memberships(STRANGER, STEP, {run.id}) == {}
        assert await windows.locked_carriers(STRANGER, STEP, {run.id}) == {}
        assert await windows.gathered(STRANGER, STEP, run.id, store.now(), 9) is None
        await windows.close(STRANGER, STEP, run.id, run.id)

    async with opened(store) as windows:
        assert await windows.locked(TENANT, {window.key}) == {window.key: window.window}
        assert await windows.locked_carriers(TENANT, STEP, {run.id}) == {run.id: None}
