"""UnitOfWork.once and .remember, over every store: one answer per key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from application.notifications.views import AcceptedView
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency, IdempotencyKeyReused
from application.shared.run_once import run_once
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import Store

DAY = 24 * 3600.0
KEY = Idempotency(tenant_id=TENANT, key="k" * 255, scope="apikey:1 POST /notifications", fingerprint="a" * 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A nested view."""

    index: int
    accepted: AcceptedView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A view of every kind of field."""

    at: datetime
    parts: tuple[Part, ...]
    data: Mapping[str, Any]  # Any: free JSON
    reason: str | None = None


WHOLE = Whole(
    at=datetime(2026, 3, 1, 12, 0, 0, 163_000, tzinfo=UTC),
    parts=(
        Part(index=0, accepted=AcceptedView(id=UUID(int=7), transaction_id="t", status="accepted", recipients=None)),
        Part(index=1),
    ),
    data={"order": 42, "nested": [1, {"é": None}]},
)


async def remembered(store: Store, idempotency: Idempotency) -> Part | None:
    async with store.unit_of_work() as uow:
        return await uow.once(idempotency, Part)


async def remember(store: Store, idempotency: Idempotency, view: object) -> None:
    async with store.unit_of_work() as uow:
        assert await uow.once(idempotency, Part) is None
        await uow.remember(idempotency, view)
        await uow.commit()


async def test_the_same_view_comes_back_when_the_key_was_answered(store: Store) -> None:
    async with store.unit_of_work() as uow:
        await uow.remember(KEY, WHOLE)
        await uow.commit()
    async with store.unit_of_work() as uow:
        assert await uow.once(KEY, Whole) == WHOLE


async def test_a_later_view_replaces_the_first_when_the_answer_grows(store: Store) -> None:
    await remember(store, KEY, Part(index=1))
    async with store.unit_of_work() as uow:
        await uow.remember(KEY, Part(index=2))
        await uow.commit()

    assert await remembered(store, KEY) == Part(index=2)


async def test_it_is_refused_when_the_key_was_used_for_another_request(store: Store) -> None:
    await remember(store, KEY, Part(index=1))

    with pytest.raises(IdempotencyKeyReused):
        await remembered(store, replace(KEY, fingerprint="b" * 64))


async def test_nothing_is_remembered_when_the_effect_failed(store: Store) -> None:
    async with store.unit_of_work() as uow:
        await uow.once(KEY, Part)
        await uow.remember(KEY, Part(index=1))

    assert await remembered(store, KEY) is None


@pytest.mark.parametrize("changes", [{"tenant_id": "other"}, {"scope": "apikey:2 POST /topics"}, {"key": "K" * 255}])
async def test_keys_are_independent_when_tenant_scope_or_key_differ(store: Store, changes: dict[str, str]) -> None:
    other = replace(KEY, **changes)
    await remember(store, KEY, Part(index=1))

    assert await remembered(store, other) is None
    await remember(store, other, Part(index=2))
    assert await remembered(store, KEY) == Part(index=1)


async def test_the_effect_happens_once_when_twenty_bring_the_same_key_at_once(store: Store, make: Samples) -> None:
    async def effect(uow: UnitOfWork) -> Part:
        await asyncio.sleep(0.001)
        await uow.jobs.enqueue(make.job())
        return Part(index=len(store.wake_ups.sent) + 1)

    answers = await asyncio.gather(*(run_once(store.unit_of_work, KEY, Part, effect) for _ in range(20)))

    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 19
    assert {answer.view for answer in answers} == {Part(index=1)}
    assert len(store.wake_ups.sent) == 1


async def test_the_next_holder_does_it_when_the_first_one_failed(store: Store) -> None:
    async def fail(uow: UnitOfWork) -> Part:
        await asyncio.sleep(0.001)
        raise ValueError

    async def succeed(uow: UnitOfWork) -> Part:
        return Part(index=1)

    failed, answer = await asyncio.gather(
        run_once(store.unit_of_work, KEY, Part, fail),
        run_once(store.unit_of_work, KEY, Part, succeed),
        return_exceptions=True,
    )

    assert isinstance(failed, ValueError)
    assert answer == Answer(Part(index=1), replayed=False)


async def test_a_key_is_free_again_when_a_day_has_passed(store: Store) -> None:
    await remember(store, KEY, Part(index=1))
    await store.age_answers(DAY - 60)
    assert await remembered(store, KEY) == Part(index=1)
    await store.age_answers(120)

    assert await remembered(store, replace(KEY, fingerprint="b" * 64)) is None
    await remember(store, KEY, Part(index=2))
    assert await remembered(store, KEY) == Part(index=2)


async def test_records_are_forgotten_when_a_day_has_passed(store: Store) -> None:
    for number in range(3):
        await remember(store, replace(KEY, key=f"old {number}"), Part(index=number))
    await store.age_answers(DAY + 60)
    await remember(store, KEY, Part(index=9))

    async with store.unit_of_work() as uow:
        forgotten = [await uow.retention.forget_idempotency_records(SCOPE, 2) for _ in range(3)]
        await uow.commit()

    assert forgotten == [2, 1, 0]
    assert await remembered(store, KEY) == Part(index=9)
