"""StreamLog, StreamReader and what is published as hints, over every store."""

import asyncio
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from application.ports.stream_hints import StreamHint
from application.ports.stream_log import StreamLog
from application.ports.stream_reader import StreamReader
from domain.realtime.cursor import Cursor
from domain.realtime.stream import LoggedUpdate, StreamHead, UpdateKind
from tests.contracts.samples import SCOPE, STRANGER, Samples
from tests.contracts.stores import Store


async def read_all(reader: StreamReader, head: StreamHead, after: int = 0, page: int = 200) -> list[LoggedUpdate]:
    return await reader.read(SCOPE, head.stream_id, head.epoch, after, page)


async def test_places_follow_each_other_when_updates_are_pushed(store: Store, make: Samples) -> None:
    subscriber, other = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    await make.push(
        make.update(subscriber.id, data={"n": 1}, unread=2, unseen=3),
        make.update(other.id, data={"n": 9}),
        make.update(subscriber.id, data={"n": 2}, unread=-1, kind=UpdateKind.RECEIVED),
    )
    await make.push(make.update(subscriber.id, data={"n": 3}, unseen=-3))

    head = await make.head(subscriber.id)
    assert head == StreamHead(stream_id=subscriber.id, epoch=head.epoch, seq=3, unread=1, unseen=0, oldest_seq=1)
    assert [replace(update, trace_id=None) for update in await read_all(store.streams, head)] == [
        LoggedUpdate(seq=1, kind="notification_updated", data=b'{"n":1}'),
        LoggedUpdate(seq=2, kind="notification_received", data=b'{"n":2}'),
        LoggedUpdate(seq=3, kind="notification_updated", data=b'{"n":3}'),
    ]
    assert [(update.seq, update.data) for update in await read_all(store.streams, await make.head(other.id))] == [
        (1, b'{"n":9}')
    ]


async def test_a_hint_carries_the_frame_and_the_place_when_committed(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    with store.trace.scope(None) as asked:
        await make.push(make.update(subscriber.id, unread=1), make.update(subscriber.id, unread=1, unseen=1))

    head = await make.head(subscriber.id)
    first, last = store.hints.published
    assert last == StreamHint(
        stream_id=subscriber.id,
        epoch=head.epoch,
        seq=2,
        unread=2,
        unseen=1,
        kind="notification_updated",
        data=b'{"id":"x","read":true}',
        trace_id=asked.trace_id,
    )
    assert (first.epoch, first.seq, first.kind) == (head.epoch, 1, "notification_updated")
    logged = await read_all(store.streams, head)
    assert [(update.seq, update.kind, update.data, update.trace_id) for update in logged] == [
        (hint.seq, hint.kind, hint.data, asked.trace_id) for hint in (first, last)
    ]


async def test_a_line_names_the_place_when_an_update_is_published(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    with store.trace.scope(None, request_id="r-1"):
        await make.push(make.update(subscriber.id))
        await make.push(make.update(subscriber.id), make.update(subscriber.id))

    head = await make.head(subscriber.id)
    lines = store.log.lines("stream.published")
    assert [(line.level, line.fields.get("updates"), line.fields.get("stream_position")) for line in lines] == [
        ("info", 1, f"{head.epoch}-1"),
        ("info", 2, None),
        ("debug", None, f"{head.epoch}-2"),
        ("debug", None, f"{head.epoch}-3"),
    ]
    assert {line.fields["request_id"] for line in lines} == {"r-1"}
    assert {line.fields["stream_id"] for line in lines if "stream_id" in line.fields} == {str(subscriber.id)}


async def test_nothing_is_said_of_streams_when_none_has_moved(store: Store, make: Samples) -> None:
    await make.add_subscriber()
    await make.push()

    assert not store.log.lines("stream.published")


async def test_data_is_compact_wire_json_when_it_has_times_and_ids(store: Store, make: Samples) -> None:
    subscriber, ours = await make.add_subscriber(), make.ids.new()
    at = datetime(2026, 11, 20, 9, 11, 25, 163_000, tzinfo=UTC)
    data = {
        "id": ours,
        "readAt": at,
        "createdAt": at.replace(microsecond=0),
        "title": 'é "🙂" \n',
        "tags": ("a", "b"),
        "data": {"nested": [1, 2.5, None, True]},
        "elsewhere": at.astimezone(timezone(timedelta(hours=1))),
    }
    await make.push(make.update(subscriber.id, data=data))

    (update,) = await read_all(store.streams, await make.head(subscriber.id))
    assert b"\n" not in update.data
    assert b'": ' not in update.data
    wire = json.loads(update.data)
    assert wire["id"] == str(ours)
    assert wire["createdAt"] == "2026-11-20T09:11:25Z"
    assert datetime.fromisoformat(wire["readAt"]) == datetime.fromisoformat(wire["elsewhere"]) == at
    assert wire["readAt"].endswith("Z")
    assert (wire["title"], wire["tags"], wire["data"]) == ('é "🙂" \n', ["a", "b"], {"nested": [1, 2.5, None, True]})


async def test_replay_comes_in_pages_without_a_hole_when_it_is_long(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    await make.push(*(make.update(subscriber.id, data={"n": number}) for number in range(1, 8)))
    head = await make.head(subscriber.id)

    async def seqs(after: int, limit: int) -> list[int]:
        return [update.seq for update in await read_all(store.streams, head, after, limit)]

    assert await seqs(0, 3) == [1, 2, 3]
    assert await seqs(3, 3) == [4, 5, 6]
    assert await seqs(6, 3) == [7]
    assert await seqs(7, 3) == []
    assert await seqs(1_000, 3) == []


async def test_nothing_is_read_when_the_epoch_is_another(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    await make.push(make.update(subscriber.id))
    head = await make.head(subscriber.id)

    assert await store.streams.read(SCOPE, subscriber.id, head.epoch + 1, 0, 10) == []
    assert await store.streams.read(SCOPE, make.ids.new(), head.epoch, 0, 10) == []
    assert head.can_replay_from(Cursor(head.epoch, 0))
    assert not head.can_replay_from(Cursor(head.epoch + 1, 0))


async def test_heads_of_those_that_exist_come_when_many_are_asked(store: Store, make: Samples) -> None:
    first, second = await make.add_subscriber("u1"), await make.add_subscriber("u2", tenant_id=STRANGER)
    await make.push(make.update(second.id, tenant_id=STRANGER))

    heads = await store.streams.heads(SCOPE, [first.id, make.ids.new(), second.id])

    assert {stream_id: head.seq for stream_id, head in heads.items()} == {first.id: 0, second.id: 1}
    assert await store.streams.heads(SCOPE, []) == {}


async def test_an_update_is_dropped_when_its_stream_does_not_exist(store: Store, make: Samples) -> None:
    subscriber, gone = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    async with store.unit_of_work() as uow:
        await uow.subscribers.delete(gone.tenant_id, "u2")
        log: StreamLog = uow.streams
        log.push(make.update(gone.id))
        log.push(make.update(make.ids.new()))
        log.push(make.update(subscriber.id))
        await uow.commit()

    assert [(hint.stream_id, hint.seq) for hint in store.hints.published] == [(subscriber.id, 1)]
    assert set(await store.streams.heads(SCOPE, [subscriber.id, gone.id])) == {subscriber.id}


async def test_updates_are_there_when_stream_and_update_are_of_one_transaction(store: Store, make: Samples) -> None:
    subscriber = make.subscriber()
    async with store.unit_of_work() as uow:
        await uow.subscribers.ensure_many(subscriber.tenant_id, [subscriber])
        uow.streams.push(make.update(subscriber.id, unread=1))
        await uow.commit()

    head = await make.head(subscriber.id)
    assert (head.seq, head.unread) == (1, 1)


async def follow(store: Store, head: StreamHead, until: int) -> list[LoggedUpdate]:
    """Read as a browser's connection does: what follows the last one seen, again and again."""
    seen: list[LoggedUpdate] = []
    async with asyncio.timeout(20):
        while len(seen) < until:
            seen += await read_all(store.streams, head, seen[-1].seq if seen else 0, 5)
            await asyncio.sleep(0)
    return seen


async def test_no_follower_misses_anything_when_twenty_commit_at_once(store: Store, make: Samples) -> None:
    streams = [(await make.add_subscriber(f"u{number}")).id for number in range(3)]
    heads = [await make.head(stream_id) for stream_id in streams]

    async def write(number: int) -> None:
        order = streams if number % 2 else streams[::-1]
        async with store.unit_of_work() as uow:
            for stream_id in order:
                uow.streams.push(make.update(stream_id, data={"n": number}, unread=1))
                await asyncio.sleep(0)
            await uow.commit()

    followers = asyncio.gather(*(follow(store, head, 20) for head in heads))
    await asyncio.gather(*(write(number) for number in range(20)))

    for head, seen in zip(heads, await followers, strict=True):
        assert [update.seq for update in seen] == list(range(1, 21))
        assert sorted(json.loads(update.data)["n"] for update in seen) == list(range(20))
        assert (await make.head(head.stream_id)).unread == 20


async def test_every_stream_has_the_order_of_the_commits_when_many_write_to_several(
    store: Store, make: Samples
) -> None:
    streams = [(await make.add_subscriber(f"u{number}")).id for number in range(2)]

    async def write(number: int) -> None:
        async with store.unit_of_work() as uow:
            for stream_id in streams:
                uow.streams.push(make.update(stream_id, data={"n": number}))
            await asyncio.sleep(0)
            await uow.commit()

    await asyncio.gather(*(write(number) for number in range(12)))

    logs = [await read_all(store.streams, await make.head(stream_id)) for stream_id in streams]
    assert [update.data for update in logs[0]] == [update.data for update in logs[1]]
    hinted: dict[UUID, list[bytes | None]] = defaultdict(list)
    for hint in sorted(store.hints.published, key=lambda hint: hint.seq):
        hinted[hint.stream_id].append(hint.data)
    assert hinted[streams[0]] == [update.data for update in logs[0]]
