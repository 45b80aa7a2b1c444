"""PreferenceRepository and StoredPreferencesReader, over every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from application.ports.preference_repository import LoggedChange, PreferenceRepository
from domain.preferences.changes import PreferenceChange
from domain.preferences.do_not_disturb import DoNotDisturb
from domain.preferences.hold import Hold
from domain.preferences.preference import (
    NO_OPINION,
    NO_PREFERENCES,
    NO_SWITCHES,
    PreferenceSet,
    SubscriberPreferences,
    Switches,
)
from domain.preferences.quiet_hours import QuietHours, QuietInterval
from domain.shared.json import JsonValue
from tests.contracts.samples import STRANGER, TENANT, Samples
from tests.contracts.stores import Store

SWITCHES = Switches(
    everything=PreferenceSet(enabled=True, channels={"sms": False}),
    workflows={"order-shipped": PreferenceSet(channels={"email": False, "in_app": True})},
    categories={'a."b" é': PreferenceSet(enabled=False)},
)
EVERYTHING = SubscriberPreferences(
    switches=SWITCHES,
    quiet_hours=QuietHours(
        enabled=False,
        timezone="Europe/Berlin",
        weekly={"monday": (QuietInterval(start=0, end=1_440), QuietInterval(start=1_320, end=420))},
        hold=Hold(channels=frozenset(), let_through=frozenset({"high", "low"})),
    ),
    do_not_disturb=DoNotDisturb(until=datetime(2026, 11, 20, 9, 11, 25, 163_000, tzinfo=UTC)),
)
SILENCE = SubscriberPreferences(switches=Switches(everything=PreferenceSet(enabled=False)))


@asynccontextmanager
async def preferences(store: Store) -> AsyncIterator[PreferenceRepository]:
    async with store.unit_of_work() as uow:
        yield uow.preferences
        await uow.commit()


def logged(make: Samples, path: str = "global.enabled", old: JsonValue = None, new: JsonValue = None) -> LoggedChange:
    change = PreferenceChange(path=path, old=old, new=new)
    return LoggedChange(id=make.ids.new(), at=make.store.now(), by="subscriber:" + "u" * 255, change=change)


async def log(store: Store, subscriber_id: UUID, before: UUID | None = None, limit: int = 10) -> list[LoggedChange]:
    return list(await store.preferences.changes(TENANT, subscriber_id, before=before, limit=limit))


async def test_they_come_back_as_they_were_when_saved(store: Store, make: Samples) -> None:
    one, other = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    await make.add_subscriber("u3")
    async with preferences(store) as repository:
        await repository.save(TENANT, one.id, EVERYTHING)
        await repository.save(TENANT, other.id, SILENCE)

    async with preferences(store) as repository:
        found = await repository.get_many(TENANT, ["u1", "u2", "u3", "unknown"])
        assert found == {"u1": EVERYTHING, "u2": SILENCE}
        assert await repository.get_many(TENANT, ["u2"]) == {"u2": SILENCE}
        assert await repository.get_many(TENANT, []) == {}
    assert await store.preferences.get(TENANT, one.id) == EVERYTHING


async def test_nobody_has_an_opinion_when_nothing_was_saved(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with preferences(store) as repository:
        assert await repository.get_many(TENANT, ["u1"]) == {}
        assert await repository.defaults(TENANT) == NO_SWITCHES
    assert await store.preferences.get(TENANT, subscriber.id) == NO_PREFERENCES
    assert await store.preferences.defaults(TENANT) == NO_SWITCHES
    assert await log(store, subscriber.id) == []


async def test_they_are_replaced_whole_when_saved_again(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    for each in (EVERYTHING, SILENCE, NO_PREFERENCES):
        async with preferences(store) as repository:
            await repository.save(TENANT, subscriber.id, each)
            assert (await repository.get_many(TENANT, ["u1"]))["u1"] == each
        assert await store.preferences.get(TENANT, subscriber.id) == each


async def test_scopes_without_an_opinion_are_not_kept_when_saved(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    switches = Switches(workflows={"w": NO_OPINION}, categories={"c": PreferenceSet(enabled=True)})
    async with preferences(store) as repository:
        await repository.save(TENANT, subscriber.id, SubscriberPreferences(switches=switches))
        await repository.save_defaults(TENANT, switches)

    kept = replace(switches, workflows={})
    assert (await store.preferences.get(TENANT, subscriber.id)).switches == kept
    assert await store.preferences.defaults(TENANT) == kept


async def test_nothing_is_kept_when_there_is_no_such_subscriber(store: Store, make: Samples) -> None:
    nobody = make.ids.new()
    async with preferences(store) as repository:
        await repository.save(TENANT, nobody, SILENCE)
        await repository.append_changes(TENANT, nobody, [logged(make)])

    assert await store.preferences.get(TENANT, nobody) == NO_PREFERENCES
    assert await log(store, nobody) == []


async def test_defaults_are_the_tenants_own_when_saved(store: Store, make: Samples) -> None:
    async with preferences(store) as repository:
        await repository.save_defaults(TENANT, SWITCHES)
        assert await repository.defaults(TENANT) == SWITCHES
        assert await repository.defaults(STRANGER) == NO_SWITCHES
    async with preferences(store) as repository:
        await repository.save_defaults(STRANGER, NO_SWITCHES)
        await repository.save_defaults(TENANT, SILENCE.switches)

    assert await store.preferences.defaults(TENANT) == SILENCE.switches
    assert await store.preferences.defaults(STRANGER) == NO_SWITCHES


async def test_the_last_one_stays_when_two_save_the_first_defaults(store: Store) -> None:
    saved: list[Switches] = []

    async def save(switches: Switches) -> None:
        async with store.unit_of_work() as uow:
            await uow.preferences.save_defaults(TENANT, switches)
            await uow.commit()
            saved.append(switches)

    await asyncio.gather(save(SWITCHES), save(SILENCE.switches))
    assert await store.preferences.defaults(TENANT) in saved
    assert len(saved) == 2


async def test_changes_come_newest_first_in_pages_when_listed(store: Store, make: Samples) -> None:
    subscriber, other = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    first = logged(make, "global.enabled", None, False)
    second = logged(make, 'categories["a.b"].enabled', True, None)
    third = logged(make, "quietHours.weekly.monday", [{"start": "22:00", "end": "07:00"}], [])
    async with preferences(store) as repository:
        await repository.append_changes(TENANT, subscriber.id, [first, second])
        await repository.append_changes(TENANT, other.id, [logged(make)])
        await repository.append_changes(TENANT, subscriber.id, [])
    async with preferences(store) as repository:
        await repository.append_changes(TENANT, subscriber.id, [third])

    assert await log(store, subscriber.id) == [third, second, first]
    assert await log(store, subscriber.id, limit=2) == [third, second]
    assert await log(store, subscriber.id, before=second.id) == [first]


async def test_preferences_and_log_are_gone_when_erased(store: Store, make: Samples) -> None:
    subscriber, other = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    kept = logged(make)
    async with preferences(store) as repository:
        for one, change in ((subscriber, logged(make)), (other, kept)):
            await repository.save(TENANT, one.id, EVERYTHING)
            await repository.append_changes(TENANT, one.id, [change])
    async with store.unit_of_work() as uow:
        await uow.subscribers.delete(TENANT, "u1")
        await uow.preferences.erase(TENANT, subscriber.id)
        await uow.preferences.erase(TENANT, make.ids.new())
        await uow.commit()

    assert await store.preferences.get(TENANT, subscriber.id) == NO_PREFERENCES
    assert await log(store, subscriber.id) == []
    assert await store.preferences.get(TENANT, other.id) == EVERYTHING
    assert await log(store, other.id) == [kept]


async def test_a_new_subscriber_has_no_opinion_when_the_old_one_had_its_id(store: Store, make: Samples) -> None:
    gone = await make.add_subscriber("u1")
    async with store.unit_of_work() as uow:
        await uow.preferences.save(TENANT, gone.id, EVERYTHING)
        await uow.subscribers.delete(TENANT, "u1")
        await uow.commit()
    await make.add_subscriber("u1")
    async with preferences(store) as repository:
        assert await repository.get_many(TENANT, ["u1"]) == {}


async def test_nothing_changes_when_it_is_not_committed(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:
        await uow.preferences.save(TENANT, subscriber.id, EVERYTHING)
        await uow.preferences.save_defaults(TENANT, SWITCHES)
        await uow.preferences.append_changes(TENANT, subscriber.id, [logged(make)])

    assert await store.preferences.get(TENANT, subscriber.id) == NO_PREFERENCES
    assert await store.preferences.defaults(TENANT) == NO_SWITCHES
    assert await log(store, subscriber.id) == []
